import { EventSchemas } from '@ag-ui/core/schemas'
import { applyEvent, type Conversation, type Message, type Page, type Run, type Started } from '@parley/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { within } from '../../testing/pace.ts'
import { readEvents as readEventsAs } from '../../testing/read-events.ts'
import { type ScriptedModel, startScriptedModel } from '../../testing/scripted-model.ts'
import { startServer, type TestServer } from '../../testing/start-server.ts'
import { takeOver } from './store.ts'

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
const send = (conversationId: string, body: object, headers: Record<string, string> = {}) =>
  server.owner.json<Started>('POST', `/api/v1/conversations/${conversationId}/messages`, body, headers)
const messagesOf = async (conversationId: string) =>
  (await server.owner.json<Page<Message>>('GET', `/api/v1/conversations/${conversationId}/messages`)).data
const textOf = (message: Message) => message.parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('')

const readEvents = async (runId: string, after = 0, stopAfter?: number) =>
  (await readEventsAs(server.owner, runId, after, stopAfter)).frames

const emptyMessage = (started: Started): Message => structuredClone(started.assistantMessage)

async function ended(runId: string): Promise<Run> {
  await readEvents(runId)
  return server.owner.json<Run>('GET', `/api/v1/runs/${runId}`)
}

describe('sending a message', () => {
  test('is acknowledged with what is stored, then answered', async () => {
    const { id } = await newConversation()
    const started = await send(id, { content: 'Hello' })
    expect(started.run.status).toBe('running')
    expect(started.userMessage).toMatchObject({
      role: 'user',
      status: 'complete',
      siblingIds: [started.userMessage!.id],
    })
    expect(started.assistantMessage).toMatchObject({ parentId: started.userMessage!.id, status: 'writing', parts: [] })

    expect(await ended(started.run.id)).toMatchObject({ status: 'finished', error: null })
    const [user, assistant] = await messagesOf(id)
    expect(textOf(user!)).toBe('Hello')
    expect(assistant).toMatchObject({ status: 'complete', model: 'openai/scripted-large' })
    expect(textOf(assistant!).length).toBeGreaterThan(20)
    expect(assistant!.usage!.outputTokens).toBeGreaterThan(0)
  })

  test('answers with the events where they are accepted, and every one is AG-UI', async () => {
    const { id } = await newConversation()
    const response = await server.owner.fetch(`/api/v1/conversations/${id}/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ content: '!reason a bit\n!say **done**' }),
    })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const runId = response.headers.get('parley-run-id')!
    const text = await response.text()
    const events = [...text.matchAll(/^data: (.*)$/gm)].map((match) => JSON.parse(match[1]!))
    for (const event of events) expect(EventSchemas.safeParse(event).error, JSON.stringify(event)).toBeUndefined()
    expect(events[0]).toMatchObject({ type: 'RUN_STARTED', threadId: id, runId })
    expect(events.at(-1)).toMatchObject({ type: 'RUN_FINISHED', outcome: { type: 'success' } })
    expect(events.map((event) => event.type)).toContain('REASONING_MESSAGE_CONTENT')
    const [, assistant] = await messagesOf(id)
    expect(textOf(assistant!)).toBe('**done**')
  })

  test('waits where that is preferred', async () => {
    const { id } = await newConversation()
    const response = await server.owner.fetch(`/api/v1/conversations/${id}/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', prefer: 'wait' },
      body: JSON.stringify({ content: '!say here you are' }),
    })
    expect(response.status).toBe(200)
    expect(textOf((await response.json()) as Message)).toBe('here you are')
  })

  test('happens once for an idempotency key, however often it is sent', async () => {
    const { id } = await newConversation()
    const headers = { 'idempotency-key': 'once-please' }
    const before = model.requests.length
    const answers = await Promise.all([1, 2, 3].map(() => send(id, { content: '!say one' }, headers)))
    expect(new Set(answers.map((answer) => answer.run.id)).size).toBe(1)
    await ended(answers[0]!.run.id)
    expect(await messagesOf(id)).toHaveLength(2)
    const asked = model.requests.slice(before).filter((request) => request.userText.includes('one'))
    expect(asked.filter((request) => !request.system.startsWith('Write a title'))).toHaveLength(1)

    const other = await server.owner.fetch(`/api/v1/conversations/${id}/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ content: 'something else' }),
    })
    expect(other.status).toBe(409)
    expect(await other.json()).toMatchObject({ code: 'idempotency_conflict' })
  })

  test('is refused while the answer above is being written, and based on an old version', async () => {
    const { id } = await newConversation()
    const first = await send(id, { content: '!slow 100 words 30ms' })
    await expect(send(id, { content: 'too soon' })).rejects.toThrow('run_in_progress')
    await expect(send(id, { content: 'old', parentId: null, version: 1 })).rejects.toThrow('version_conflict')
    await server.owner.json('POST', `/api/v1/runs/${first.run.id}/stop`)
    await ended(first.run.id)
    expect(await messagesOf(id)).toHaveLength(2)
  })

  test('of ten at once, one is stored and the others are told to wait', async () => {
    const { id } = await newConversation()
    const sent = await Promise.allSettled(
      Array.from({ length: 10 }, (_, n) => send(id, { content: `!slow 20 words 30ms ${n}` })),
    )
    const stored = sent.filter((one) => one.status === 'fulfilled')
    const refused = sent.filter((one) => one.status === 'rejected')
    expect(stored).toHaveLength(1)
    for (const { reason } of refused) expect(String(reason)).toContain('run_in_progress')
    expect(await messagesOf(id)).toHaveLength(2)
    await ended(stored[0]!.value.run.id)
  })

  test('a repeat gets the first answer, also where the request would be refused by now', async () => {
    const { id, version } = await newConversation()
    const repeat = () => send(id, { content: '!slow 20 words 30ms', version }, { 'idempotency-key': 'sent-twice' })
    const first = await repeat()
    expect(await repeat()).toEqual(first)
    await ended(first.run.id)
    expect(await repeat()).toEqual(first)
    expect(await messagesOf(id)).toHaveLength(2)
  })

  test('gives the conversation a title after the first exchange', async () => {
    const { id } = await newConversation()
    const { run } = await send(id, { content: '!say Berlin is the capital of Germany.' })
    await ended(run.id)
    await expect
      .poll(async () => (await server.owner.json<Conversation>('GET', `/api/v1/conversations/${id}`)).title)
      .toBe('A scripted conversation')
  })
})

describe('branches', () => {
  test('an edited question and a regenerated answer are siblings; nothing is overwritten', async () => {
    const { id } = await newConversation()
    const first = await send(id, { content: '!say first' })
    await ended(first.run.id)
    const edited = await send(id, { content: '!say second', parentId: null })
    await ended(edited.run.id)
    expect((await messagesOf(id)).map(textOf)).toEqual(['!say second', 'second'])
    expect((await messagesOf(id))[0]!.siblingIds).toEqual([first.userMessage!.id, edited.userMessage!.id])

    const again = await server.owner.json<Started>(
      'POST',
      `/api/v1/messages/${edited.assistantMessage.id}/regenerate`,
      {},
    )
    expect(again.userMessage).toBeNull()
    await ended(again.run.id)
    expect((await messagesOf(id))[1]!.siblingIds).toEqual([edited.assistantMessage.id, again.assistantMessage.id])

    await server.owner.json('PATCH', `/api/v1/conversations/${id}`, { activeMessageId: first.userMessage!.id })
    expect((await messagesOf(id)).map(textOf)).toEqual(['!say first', 'first'])
  })
})

describe('failures of the model', () => {
  test.each([
    ['!401', 'model_auth'],
    ['!quota', 'model_quota'],
    ['!refuse', 'model_content_refused'],
    ['!long', 'model_context_too_long'],
  ])('%s ends the run with %s and what to do', async (directive, code) => {
    const { id } = await newConversation()
    const { run } = await send(id, { content: directive })
    const frames = await readEvents(run.id)
    expect(frames.at(-1)!.event).toMatchObject({ type: 'RUN_ERROR', code })
    const [, assistant] = await messagesOf(id)
    expect(assistant).toMatchObject({ status: 'failed', error: { code } })
  })

  test('what was written before a lost connection is kept', async () => {
    const { id } = await newConversation()
    const { run } = await send(id, { content: '!reset after 12' })
    expect(await ended(run.id)).toMatchObject({ status: 'failed', error: { code: 'model_network' } })
    const [, assistant] = await messagesOf(id)
    expect(textOf(assistant!).split(' ').length).toBeGreaterThan(5)
  })
})

describe('P2 same for all', () => {
  test('readers that drop and resume at 100 random points end with exactly the stored text', async () => {
    const { id } = await newConversation()
    const started = await send(id, { content: '!words 600 5ms' })
    const shown = emptyMessage(started)
    let after = 0
    let drops = 0
    for (let over = false; !over; ) {
      const frames = await readEvents(
        started.run.id,
        after,
        drops < 100 ? 1 + Math.floor(Math.random() * 5) : undefined,
      )
      for (const { id: number, event } of frames) {
        if (number !== null) {
          expect(number).toBeGreaterThan(after)
          after = number
        }
        applyEvent(shown, event)
        over ||= event.type === 'RUN_FINISHED'
      }
      drops += 1
    }
    expect(drops).toBeGreaterThanOrEqual(100)
    const [, stored] = await messagesOf(id)
    expect(shown.parts).toEqual(stored!.parts)
    expect(textOf(stored!).length).toBeGreaterThan(2000)
  })

  test('a late reader, an early reader and one after the end see the same', async () => {
    const { id } = await newConversation()
    const started = await send(id, { content: '!words 120 5ms' })
    const early = readEvents(started.run.id)
    await new Promise((resolve) => setTimeout(resolve, 250))
    const late = readEvents(started.run.id)
    const readings = [await early, await late, await readEvents(started.run.id)]
    const [, stored] = await messagesOf(id)
    for (const frames of readings) {
      const shown = emptyMessage(started)
      for (const { event } of frames) applyEvent(shown, event)
      expect(shown.parts).toEqual(stored!.parts)
    }
  })
})

test('P3 runs finish: what runs here is not taken over by ourselves, however late its heartbeat is', async () => {
  const { id } = await newConversation()
  const { run } = await send(id, { content: '!slow 400 words 20ms' })
  await server.platform.db
    .updateTable('runs')
    .set({ leaseUntil: new Date(0) })
    .where('id', '=', run.id)
    .execute()
  expect(await takeOver(server.platform, 'another process', [run.id], 20)).toEqual([])
  expect(await takeOver(server.platform, 'another process', [], 20)).toMatchObject([{ id: run.id, attempt: 1 }])
  const closed = model.next('closed')
  await server.owner.json('DELETE', `/api/v1/conversations/${id}`)
  await closed
})

describe('P4 stop stops', () => {
  test("the provider's connection is closed within 250 ms, and what was written is kept", async () => {
    const { id } = await newConversation()
    const started = await send(id, { content: '!slow 400 words 20ms' })
    await readEvents(started.run.id, 0, 20)
    const closed = model.next('closed')
    const stoppedAt = Date.now()
    await server.owner.json('POST', `/api/v1/runs/${started.run.id}/stop`)
    const request = await closed
    expect(request.closedAt! - stoppedAt).toBeLessThan(within(250))
    expect(await ended(started.run.id)).toMatchObject({ status: 'stopped' })
    const [, assistant] = await messagesOf(id)
    expect(assistant!.status).toBe('stopped')
    expect(textOf(assistant!)).not.toBe('')
    expect(assistant!.usage!.outputTokens).toBeGreaterThan(0)
  })

  test('a reader that leaves stops nothing', async () => {
    const { id } = await newConversation()
    const started = await send(id, { content: '!words 60 5ms' })
    await readEvents(started.run.id, 0, 5)
    expect(await ended(started.run.id)).toMatchObject({ status: 'finished' })
  })

  test('deleting the conversation stops the run', async () => {
    const { id } = await newConversation()
    const started = await send(id, { content: '!slow 400 words 20ms' })
    await readEvents(started.run.id, 0, 10)
    const closed = model.next('closed')
    await server.owner.json('DELETE', `/api/v1/conversations/${id}`)
    await closed
    const gone = await server.owner.fetch(`/api/v1/conversations/${id}`)
    expect(gone.status).toBe(404)
  })
})
