import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Conversation, Message, Page, Privacy, Started } from '@parley/contract'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { eventually } from '../../testing/eventually.ts'
import { type HttpFixture, startHttpFixture } from '../../testing/mcp-fixture.ts'
import { readEvents } from '../../testing/read-events.ts'
import { type ScriptedModel, startScriptedModel } from '../../testing/scripted-model.ts'
import { startServer, type TestServer } from '../../testing/start-server.ts'

let model: ScriptedModel
let fixture: HttpFixture
let server: TestServer
const folder = mkdtempSync(join(tmpdir(), 'parley-privacy-'))
const notesFile = join(folder, 'notes.txt')

const originals = [
  'ada.lovelace@example.com',
  '+49 30 12345678',
  '4111 1111 1111 1111',
  'DE89 3704 0044 0532 0130 00',
  '529.982.247-25',
  '203.0.113.77',
  'sk-proj-abcdefghijklmnop0123456789',
]
const message = `Mail ${originals[0]}, call ${originals[1]}, card ${originals[2]}, account ${originals[3]}, CPF ${originals[4]}, server ${originals[5]}, key ${originals[6]}.`

beforeAll(async () => {
  model = await startScriptedModel()
  fixture = await startHttpFixture({ notesFile })
  server = await startServer({
    env: { OPENAI_BASE_URL: model.openaiBaseUrl, OPENAI_API_KEY: 'sk-test' },
    adjust: (config) => {
      config.tools.declared = [{ slug: 'fixture', name: 'Fixture', transport: 'http', url: fixture.url }]
    },
  })
  const path = '/api/v1/mcp-servers/file-fixture/tools/write_note/policy'
  await server.owner.json('PUT', path, { policy: 'always' })
})
afterAll(async () => {
  await server.close()
  await fixture.close()
  await model.close()
  rmSync(folder, { recursive: true })
})
beforeEach(() => {
  writeFileSync(notesFile, '')
  model.requests.length = 0
  model.setScript(({ system, userText }) =>
    /^write a title/i.test(system)
      ? [{ type: 'text', text: `About ${/<question>\n(.*)\n<\/question>/.exec(userText)?.[1]?.slice(0, 70)}` }]
      : [
          { type: 'split', bytes: 3 },
          { type: 'reasoning', text: userText },
          { type: 'text', text: `You wrote: ${userText}` },
        ],
  )
})

const choose = (mode: string) => server.owner.json<Privacy>('PUT', '/api/v1/workspace/privacy', { mode })

async function ask(
  content: string,
  conversationId?: string,
): Promise<{ conversationId: string; answer: Message; events: string }> {
  const id =
    conversationId ?? (await server.owner.json<Conversation>('POST', '/api/v1/conversations', { title: 'Named' })).id
  const path = `/api/v1/conversations/${id}/messages`
  const { run } = await server.owner.json<Started>('POST', path, { content })
  const events = JSON.stringify(await readEvents(server.owner, run.id))
  const { data } = await server.owner.json<Page<Message>>('GET', path)
  return { conversationId: id, answer: data.at(-1)!, events }
}

const textOf = ({ parts }: Message) => parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('')
/** All that the provider was ever sent. */
const sent = () => JSON.stringify(model.requests.map(({ body }) => body))

test('off: the provider gets the message as it is', async () => {
  await ask(message)
  for (const value of originals) expect(sent()).toContain(value)
})

test('redact: the provider sees none of it, and people see nothing else', async () => {
  await choose('redact')
  const { answer, conversationId, events } = await ask(message)
  for (const value of originals) expect(sent()).not.toContain(value)
  expect(
    sent().match(/\[(EMAIL|PHONE|CARD|IBAN|NATIONAL_ID|IP_ADDRESS|SECRET)_[0-9a-f]{6}\]/g)?.length,
  ).toBeGreaterThanOrEqual(7)
  expect(textOf(answer)).toBe(`You wrote: ${message}`)
  expect(answer.parts.find((part) => part.type === 'reasoning')).toMatchObject({ text: message })
  expect(JSON.stringify(answer)).not.toMatch(/\[[A-Z_]+_[0-9a-f]{6}\]/)
  expect(events).not.toMatch(/\[EMAIL_/)

  // The next turn sends the restored answer back: as the same placeholders, in the same bytes.
  const first = model.requests[0]!.body as { messages: unknown[] }
  await ask('And now?', conversationId)
  const again = model.requests.at(-1)!.body as { messages: unknown[] }
  expect(again.messages.slice(0, first.messages.length)).toEqual(first.messages)
  for (const value of originals) expect(sent()).not.toContain(value)
})

test('redact: tools are called with the originals, and their results are replaced again', async () => {
  await choose('redact')
  model.setScript(({ userText, turn }) => {
    const placeholder = /\[EMAIL_[0-9a-f]{6}\]/.exec(userText)?.[0] ?? 'none'
    if (turn > 0) return [{ type: 'text', text: 'Done.' }]
    return [
      { type: 'tool-call', name: 'fixture__write_note', arguments: JSON.stringify({ text: `to ${placeholder}` }) },
    ]
  })
  const { answer } = await ask(`Write down ${originals[0]}.`)
  expect(readFileSync(notesFile, 'utf8')).toBe(`to ${originals[0]}\n`)
  expect(JSON.stringify(answer.parts)).toContain(`Written: to ${originals[0]}`)
  expect(sent()).not.toContain(originals[0])
  expect(sent()).toMatch(/Written: to \[EMAIL_/)
})

test('another conversation has other placeholders for the same', async () => {
  await choose('redact')
  await ask(`Mail ${originals[0]}`)
  await ask(`Mail ${originals[0]}`)
  expect(new Set(sent().match(/\[EMAIL_[0-9a-f]{6}\]/g)).size).toBe(2)
})

test('redact: the model that writes a title sees none of it, and the title is in the words of the person', async () => {
  await choose('redact')
  const { id } = await server.owner.json<Conversation>('POST', '/api/v1/conversations', {})
  await server.owner.json('POST', `/api/v1/conversations/${id}/messages`, { content: `Mail ${originals[0]} today` })
  await eventually(async () => {
    const { title } = await server.owner.json<Conversation>('GET', `/api/v1/conversations/${id}`)
    expect(title).toContain(`About Mail ${originals[0]}`)
  })
  expect(sent()).not.toContain(originals[0])
})

test('block: the model is not asked, and the person is told what to leave out', async () => {
  await choose('block')
  const { answer, conversationId } = await ask(message)
  expect(answer).toMatchObject({ status: 'failed', error: { code: 'private_content' } })
  expect(answer.error!.message).toContain('a card number')
  expect(model.requests).toEqual([])
  // Nor with what is said after it; on a branch without it the talk goes on.
  expect((await ask('Go on.', conversationId)).answer.status).toBe('failed')
  expect((await ask('Hello.')).answer.status).toBe('complete')
  for (const value of originals) expect(sent()).not.toContain(value)
})

test('warn: everything is sent, and the answer says so', async () => {
  await choose('warn')
  const { answer } = await ask(`My card is ${originals[2]}.`)
  expect(sent()).toContain(originals[2])
  expect(answer.parts[0]).toMatchObject({
    type: 'notice',
    level: 'warning',
    text: 'This holds a card number, which the provider of the model gets to see.',
  })
  expect(JSON.stringify((await ask('Hello.')).answer.parts)).not.toContain('notice')
})

test('findings are counted, each message once, and never stored', async () => {
  await choose('warn')
  const before = await server.owner.json<Privacy>('GET', '/api/v1/workspace/privacy')
  const { conversationId } = await ask('Mail ada@example.com and bob@example.com.')
  await ask('Go on.', conversationId)
  const after = await server.owner.json<Privacy>('GET', '/api/v1/workspace/privacy')
  const emails = ({ counts }: Privacy) => counts.find(({ kind }) => kind === 'email')?.count ?? 0
  expect(emails(after) - emails(before)).toBe(2)
  const rows = await server.platform.db.selectFrom('privacyCounts').selectAll().execute()
  expect(JSON.stringify(rows)).not.toContain('@')
})

test('the built-in guide, which is no provider, is asked whatever is in a message', async () => {
  await choose('block')
  const { id } = await server.owner.json<Conversation>('POST', '/api/v1/conversations', { title: 'Named' })
  const { run } = await server.owner.json<Started>('POST', `/api/v1/conversations/${id}/messages`, {
    content: `How do I connect a model? ${originals[0]}`,
    model: 'parley/guide',
  })
  await readEvents(server.owner, run.id)
  const { data } = await server.owner.json<Page<Message>>('GET', `/api/v1/conversations/${id}/messages`)
  expect(data.at(-1)!.status).toBe('complete')
})
