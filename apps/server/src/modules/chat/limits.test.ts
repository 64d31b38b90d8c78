import { applyEvent, type Conversation, type Message, type Page, type RunEvent, type Started } from '@parley/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readEvents } from '../../testing/read-events.ts'
import { type ScriptedModel, startScriptedModel } from '../../testing/scripted-model.ts'
import { startServer, type TestServer } from '../../testing/start-server.ts'
import { systemCtx } from '../identity/index.ts'
import { streamRun } from './stream-run.ts'

let model: ScriptedModel
let server: TestServer

beforeAll(async () => {
  model = await startScriptedModel()
  server = await startServer({ env: { OPENAI_BASE_URL: model.openaiBaseUrl, OPENAI_API_KEY: 'sk-test' } })
})
afterAll(async () => {
  await server.close()
  await model.close()
})

const newConversation = () => server.owner.json<Conversation>('POST', '/api/v1/conversations', {})
const send = (id: string, content: string) =>
  server.owner.json<Started>('POST', `/api/v1/conversations/${id}/messages`, { content })

test('a reader too slow for the run gets a snapshot, and ends with the stored text', async () => {
  const { id } = await newConversation()
  const started = await send(id, '!words 1500 2ms')
  const { user } = server.owner.signedIn
  const ctx = await systemCtx(server.platform, { workspaceId: user.workspace.id, userId: user.id }, 'slow reader')
  const events: RunEvent[] = []
  const closed = new AbortController()
  await streamRun(ctx, started.run.id, 0, {
    closed: closed.signal,
    write(frames) {
      for (const match of frames.matchAll(/^data: (.*)$/gm)) events.push(JSON.parse(match[1]!))
      return false
    },
    drained: () => new Promise((resolve) => setTimeout(resolve, 1600)),
    close: () => closed.abort(),
  })
  const rewinds = events.filter((event) => event.type === 'CUSTOM' && event.name === 'parley.rewind')
  expect(rewinds.length).toBeGreaterThan(1)
  const shown = structuredClone(started.assistantMessage)
  for (const event of events) applyEvent(shown, event)
  const { data } = await server.owner.json<Page<Message>>('GET', `/api/v1/conversations/${id}/messages`)
  expect(shown.parts).toEqual(data[1]!.parts)
})

test('the prompt keeps within the window of the model: the newest turns, whole', async () => {
  const { id } = await newConversation()
  const long = 'All work and no play makes a long message. '.repeat(700)
  for (let turn = 1; turn <= 6; turn += 1) {
    const { run } = await send(id, `Turn ${turn}. ${long}`)
    await readEvents(server.owner, run.id)
  }
  const { messages } = model.requests.findLast(({ system }) => !system.startsWith('Write a title'))!.body as {
    messages: { role: string; content: string }[]
  }
  const said = messages.filter(({ role }) => role === 'user').map(({ content }) => content.slice(0, 7))
  expect(said.at(-1)).toBe('Turn 6.')
  expect(said.length).toBeGreaterThan(1)
  expect(said).not.toContain('Turn 1.')
  expect(messages[1]!.role).toBe('user')
})

test('a message longer than the window is sent all the same: the provider decides', async () => {
  const { id } = await newConversation()
  const { run } = await send(id, `!say fine\n${'far too long '.repeat(20_000)}`)
  const { frames } = await readEvents(server.owner, run.id)
  expect(frames.at(-1)!.event.type).toBe('RUN_FINISHED')
})
