import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AuditEntry, Conversation, Message, Page, Run, Started, ToolCallPart } from '@parley/contract'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { type HttpFixture, startHttpFixture } from '../../testing/mcp-fixture.ts'
import { readEvents } from '../../testing/read-events.ts'
import { type ScriptedModel, startScriptedModel } from '../../testing/scripted-model.ts'
import { startServer, type TestServer } from '../../testing/start-server.ts'

let model: ScriptedModel
let fixture: HttpFixture
let server: TestServer
const folder = mkdtempSync(join(tmpdir(), 'parley-notes-'))
const notesFile = join(folder, 'notes.txt')
const notes = () => readFileSync(notesFile, 'utf8')

beforeAll(async () => {
  model = await startScriptedModel()
  fixture = await startHttpFixture({ notesFile })
  server = await startServer({
    env: { OPENAI_BASE_URL: model.openaiBaseUrl, OPENAI_API_KEY: 'sk-test' },
    adjust: (config) => {
      config.tools.declared = [{ slug: 'fixture', name: 'Fixture', transport: 'http', url: fixture.url }]
    },
  })
})
afterAll(async () => {
  await server.close()
  await fixture.close()
  await model.close()
  rmSync(folder, { recursive: true })
})
beforeEach(() => writeFileSync(notesFile, ''))

async function ask(content: string, options: { model?: string } = {}): Promise<Started> {
  const { id } = await server.owner.json<Conversation>('POST', '/api/v1/conversations', {})
  const started = await server.owner.json<Started>('POST', `/api/v1/conversations/${id}/messages`, {
    content,
    ...options,
  })
  await readEvents(server.owner, started.run.id)
  return started
}
const runOf = (id: string) => server.owner.json<Run>('GET', `/api/v1/runs/${id}`)
async function resume(runId: string, decisions: object[]): Promise<Run> {
  const { run } = await server.owner.json<Started>('POST', `/api/v1/runs/${runId}/resume`, { answers: decisions })
  await readEvents(server.owner, run.id)
  return runOf(run.id)
}
async function answerOf({ run }: Started): Promise<Message> {
  const path = `/api/v1/conversations/${run.conversationId}/messages`
  return (await server.owner.json<Page<Message>>('GET', path)).data[1]!
}
const callsOf = (message: Message) => message.parts.filter((part): part is ToolCallPart => part.type === 'tool-call')
const writeNote = (text: string) => `!tool fixture__write_note ${JSON.stringify({ text })}`

test('a read-only tool runs without a question, and the model goes on with its result', async () => {
  const started = await ask('!tool fixture__echo {"message":"an echo"}')
  const answer = await answerOf(started)
  expect(callsOf(answer)).toMatchObject([{ state: 'done', policy: 'allow', result: { origin: 'tool' } }])
  expect(answer.status).toBe('complete')
  expect(JSON.stringify(answer.parts.filter((part) => part.type === 'text'))).toContain('an echo')
})

test('another tool waits; approved, it runs once, with the arguments as the person changed them', async () => {
  const started = await ask(writeNote('as written'))
  const { interrupts, status } = await runOf(started.run.id)
  expect(status).toBe('interrupted')
  expect(notes()).toBe('')
  const { id } = interrupts[0]!
  const ended = await resume(started.run.id, [
    { interruptId: id, decision: 'approve', arguments: { text: 'as changed' } },
  ])
  expect(ended.status).toBe('finished')
  expect(notes()).toBe('as changed\n')
  await expect(resume(started.run.id, [{ interruptId: id, decision: 'approve' }])).rejects.toThrow('run_not_waiting')
  expect(notes()).toBe('as changed\n')
})

test('declined, it does not run, and the model is told', async () => {
  const started = await ask(writeNote('never'))
  const { interrupts } = await runOf(started.run.id)
  await resume(started.run.id, [{ interruptId: interrupts[0]!.id, decision: 'deny' }])
  const answer = await answerOf(started)
  expect(callsOf(answer)).toMatchObject([{ state: 'denied' }])
  expect(answer.status).toBe('complete')
  expect(notes()).toBe('')
  expect(JSON.stringify(model.requests.at(-1)!.body)).toContain('declined')
})

test('P15: approvals are in the audit log, without what the tool was called with', async () => {
  const log = await server.owner.json<Page<AuditEntry>>('GET', '/api/v1/audit?limit=2')
  expect(log.data).toMatchObject([
    { action: 'tool.declined', subjectId: 'fixture__write_note', actorName: 'Olivia Owner' },
    { action: 'tool.approved', after: { always: false, argumentsChanged: true } },
  ])
  expect(JSON.stringify(log.data)).not.toContain('as changed')
})

test('of two questions, one can be answered first; the other is asked again', async () => {
  const started = await ask(`${writeNote('one')}\n${writeNote('two')}`)
  const first = await runOf(started.run.id)
  expect(first.interrupts).toHaveLength(2)
  const second = await resume(first.id, [{ interruptId: first.interrupts[0]!.id, decision: 'approve' }])
  expect(second).toMatchObject({ status: 'interrupted', interrupts: [{ id: first.interrupts[1]!.id }] })
  expect(notes()).toBe('one\n')
  const third = await resume(second.id, [{ interruptId: second.interrupts[0]!.id, decision: 'approve' }])
  expect(third.status).toBe('finished')
  expect(notes()).toBe('one\ntwo\n')
})

test('an answer to what was not asked is refused and changes nothing', async () => {
  const started = await ask(writeNote('kept back'))
  await expect(resume(started.run.id, [{ interruptId: 'nothing', decision: 'approve' }])).rejects.toThrow(
    'invalid_request',
  )
  expect(await runOf(started.run.id)).toMatchObject({ status: 'interrupted', nextRunId: null })
})

test('going on without an answer dismisses the question', async () => {
  const started = await ask(writeNote('dismissed'))
  const path = `/api/v1/conversations/${started.run.conversationId}/messages`
  const next = await server.owner.json<Started>('POST', path, { content: '!say moving on' })
  await readEvents(server.owner, next.run.id)
  expect(callsOf(await answerOf(started))).toMatchObject([{ state: 'cancelled' }])
  await expect(resume(started.run.id, [{ interruptId: 'x', decision: 'approve' }])).rejects.toThrow('run_not_waiting')
  expect(notes()).toBe('')
})

test('stopping a run that waits gives up its question', async () => {
  const started = await ask(writeNote('stopped'))
  await server.owner.json('POST', `/api/v1/runs/${started.run.id}/stop`)
  expect(await answerOf(started)).toMatchObject({ status: 'stopped' })
  expect(notes()).toBe('')
})

test('the built-in guide asks for missing arguments by a form', async () => {
  const started = await ask('/fixture__needs-args {"city":"Oslo"}', { model: 'parley/guide' })
  const { interrupts } = await runOf(started.run.id)
  expect(interrupts).toMatchObject([{ reason: 'arguments' }])
  const [waiting] = callsOf(await answerOf(started))
  expect(waiting!.ask!.schema).toMatchObject({ required: ['city', 'nights', 'breakfast', 'kind'] })
  const booking = { city: 'Oslo', nights: 2, breakfast: true, kind: 'double' }
  await resume(started.run.id, [{ interruptId: interrupts[0]!.id, decision: 'approve', arguments: booking }])
  expect(callsOf(await answerOf(started))[0]!.result!.content).toEqual([
    { type: 'text', text: JSON.stringify(booking) },
  ])
})

test('`always` allows the tool from then on', async () => {
  const started = await ask(writeNote('first'))
  const { interrupts } = await runOf(started.run.id)
  await resume(started.run.id, [{ interruptId: interrupts[0]!.id, decision: 'always' }])
  const again = await ask(writeNote('second'))
  expect(await runOf(again.run.id)).toMatchObject({ status: 'finished' })
  expect(notes()).toBe('first\nsecond\n')
})

test('P7 tools pinned: a tool that changed after the question is not called in its place', async () => {
  // Asked while the echo is as it was; `ask` by choice, since a read-only tool would just run.
  const { data } = await server.owner.json<Page<{ id: string }>>('GET', '/api/v1/mcp-servers')
  await server.owner.json('PUT', `/api/v1/mcp-servers/${data[0]!.id}/tools/echo/policy`, { policy: 'ask' })
  const started = await ask('!tool fixture__echo {"message":"pinned"}')
  const { interrupts } = await runOf(started.run.id)
  // Said again until it is heard: a notice before the client listens is lost.
  const change = async () => {
    fixture.change({ notesFile, description: 'Sends the message to everyone.' })
    return JSON.stringify(await server.owner.json('GET', `/api/v1/mcp-servers/${data[0]!.id}/tools`))
  }
  await expect.poll(change, { interval: 1_000 }).toContain('Sends the message to everyone.')
  await resume(started.run.id, [{ interruptId: interrupts[0]!.id, decision: 'approve' }])
  expect(callsOf(await answerOf(started))).toMatchObject([{ state: 'failed' }])
})
