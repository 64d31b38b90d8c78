import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  applyEvent,
  type Conversation,
  type Message,
  type Page,
  type Preset,
  type Run,
  type Started,
} from '@parley/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { stdioFixture } from '../../testing/mcp-fixture.ts'
import { within } from '../../testing/pace.ts'
import { readEvents } from '../../testing/read-events.ts'
import { type ScriptedModel, startScriptedModel } from '../../testing/scripted-model.ts'
import { describeWithPostgres, scratchDatabase } from '../../testing/services.ts'
import {
  type Caller,
  callerFor,
  makeHome,
  registerOwner,
  type SpawnedServer,
  spawnServer,
} from '../../testing/start-server.ts'

let model: ScriptedModel
beforeAll(async () => {
  model = await startScriptedModel()
})
afterAll(() => model.close())

const messagesOf = async (caller: Caller, conversationId: string) =>
  (await caller.json<Page<Message>>('GET', `/api/v1/conversations/${conversationId}/messages`)).data
const sendNew = async (caller: Caller, content: string) => {
  const { id } = await caller.json<Conversation>('POST', '/api/v1/conversations', {})
  return caller.json<Started>('POST', `/api/v1/conversations/${id}/messages`, { content })
}
const textOf = (message: Message) => message.parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('')

/** Sends a message and waits until the model has been at its answer for a while. */
const sendAndWait = async (caller: Caller, content: string, ms: number) => {
  const before = model.requests.length
  const started = await sendNew(caller, content)
  await expect.poll(() => model.requests.length, { interval: 20 }).toBeGreaterThan(before)
  await new Promise((resolve) => setTimeout(resolve, ms))
  return started
}

/** Follows a run through breaks, as a client does, until it ends; answers what was shown. */
async function follow(caller: () => Caller, started: Started, position = { after: 0 }): Promise<Message> {
  const shown = structuredClone(started.assistantMessage)
  const deadline = Date.now() + 120_000
  for (;;) {
    if (Date.now() > deadline) throw new Error('the run did not end')
    const { frames, broken } = await readEvents(caller(), started.run.id, position.after)
    for (const { id, event } of frames) {
      position.after = id ?? position.after
      applyEvent(shown, event)
      if (event.type === 'RUN_FINISHED' || event.type === 'RUN_ERROR') return shown
    }
    if (broken) await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

describe('one process, killed with kill -9 and started again', () => {
  let home: Awaited<ReturnType<typeof makeHome>>
  let server: SpawnedServer
  let owner: Caller
  const start = async () => {
    const env = { ...home.env, OPENAI_BASE_URL: model.openaiBaseUrl, OPENAI_API_KEY: 'sk-test' }
    server = await spawnServer({ dataDir: home.dataDir, port: home.port, env })
  }
  const notes = () => {
    try {
      return readFileSync(join(home.dataDir, 'notes.txt'), 'utf8')
    } catch {
      return ''
    }
  }

  beforeAll(async () => {
    home = await makeHome()
    const fixture = stdioFixture('well', { NOTES_FILE: join(home.dataDir, 'notes.txt') })
    writeFileSync(join(home.dataDir, 'parley.json'), JSON.stringify({ mcpServers: { fixture } }))
    await start()
    owner = await registerOwner(server.url, server.setupUrl)
    // The session outlives the restarts: it is in the database.
    while ((await toolCount()) === 0) await new Promise((resolve) => setTimeout(resolve, 100))
  })
  afterAll(async () => {
    await server.kill9()
    await home.remove()
  })
  const toolCount = async () => {
    const servers = await owner.json<Page<{ toolCount: number }>>('GET', '/api/v1/mcp-servers')
    return servers.data[0]?.toolCount ?? 0
  }
  const restart = async () => {
    await server.kill9()
    await start()
  }

  test('P1 kept: a message acknowledged a moment before is there, and gets its answer', async () => {
    const started = await sendNew(owner, '!words 40 5ms')
    await restart()
    const shown = await follow(() => owner, started)
    const [question, answer] = await messagesOf(owner, started.run.conversationId)
    expect(textOf(question!)).toBe('!words 40 5ms')
    expect(answer!.status).toBe('complete')
    expect(shown.parts).toEqual(answer!.parts)
  })

  test('P3: what goes on after the restart has the preset as it was when the answer began', async () => {
    const preset = await owner.json<Preset>('POST', '/api/v1/presets', { name: 'P', instructions: 'As it was.' })
    const { id } = await owner.json<Conversation>('POST', '/api/v1/conversations', { presetId: preset.id })
    const path = `/api/v1/conversations/${id}/messages`
    const asked = model.next('request')
    const started = await owner.json<Started>('POST', path, { content: '!words 300 10ms' })
    await asked
    await owner.json('PATCH', `/api/v1/presets/${preset.id}`, { instructions: 'As it is.' })
    const goesOn = model.next('request')
    await restart()
    expect((await goesOn).system).toMatch(/As it was\.$/)
    await follow(() => owner, started)
  })

  test('P3 runs finish: an answer that was being written is completed, and an open reader ends with the stored text', async () => {
    const started = await sendAndWait(owner, '!words 300 10ms', 1_500)
    const reading = follow(() => owner, started)
    await restart()
    const restartedAt = Date.now()
    const shown = await reading
    expect(Date.now() - restartedAt).toBeLessThan(within(12_000))
    const [, answer] = await messagesOf(owner, started.run.conversationId)
    expect(answer!.status).toBe('complete')
    expect(textOf(answer!).split(/\s+/).length).toBeGreaterThan(250)
    expect(shown.parts).toEqual(answer!.parts)
  })

  test('an approval asked for before the restart can be given after it, and the tool is called once', async () => {
    const started = await sendNew(owner, '!tool fixture__write_note {"text":"approved late"}')
    const asked = await follow(() => owner, started)
    expect(asked.status).toBe('waiting')
    expect(asked.parts.find((part) => part.type === 'tool-call')).toMatchObject({
      state: 'waiting',
      title: 'Write a note',
    })
    expect(notes()).not.toContain('approved late')

    await restart()
    const run = await owner.json<Run>('GET', `/api/v1/runs/${started.run.id}`)
    expect(run).toMatchObject({ status: 'interrupted', interrupts: [{ reason: 'approval' }] })
    const answers = { answers: [{ interruptId: run.interrupts[0]!.id, decision: 'approve' }] }
    const [first, second] = await Promise.allSettled([
      owner.json<Started>('POST', `/api/v1/runs/${run.id}/resume`, answers),
      owner.json<Started>('POST', `/api/v1/runs/${run.id}/resume`, answers),
    ])
    const resumed = [first, second].filter((answer) => answer.status === 'fulfilled')
    expect(resumed).toHaveLength(1)
    const next = resumed[0]!.value
    await follow(() => owner, next)
    const [, answer] = await messagesOf(owner, started.run.conversationId)
    expect(answer).toMatchObject({ id: started.assistantMessage.id, status: 'complete' })
    expect(answer!.parts.find((part) => part.type === 'tool-call')).toMatchObject({ state: 'done' })
    expect(notes().match(/approved late/g)).toHaveLength(1)
  })

  test('P3: an unsafe call that was under way is not repeated; the person is asked', async () => {
    const started = await sendNew(owner, '!tool fixture__slow_note {"text":"only once"}')
    const { interrupts } = await untilWaiting(started)
    const next = await owner.json<Started>('POST', `/api/v1/runs/${started.run.id}/resume`, {
      answers: [{ interruptId: interrupts[0]!.id, decision: 'approve' }],
    })
    await expect.poll(notes).toContain('only once')
    await restart()
    await follow(() => owner, next)
    const run = await owner.json<Run>('GET', `/api/v1/runs/${next.run.id}`)
    expect(run).toMatchObject({ status: 'interrupted', interrupts: [{ reason: 'interrupted' }] })
    expect(notes().match(/only once/g)).toHaveLength(1)

    const declined = await owner.json<Started>('POST', `/api/v1/runs/${run.id}/resume`, {
      answers: [{ interruptId: run.interrupts[0]!.id, decision: 'deny' }],
    })
    await follow(() => owner, declined)
    const [, answer] = await messagesOf(owner, started.run.conversationId)
    expect(answer!.status).toBe('complete')
    expect(notes().match(/only once/g)).toHaveLength(1)
  })

  test('a read-only call that was under way is simply repeated', async () => {
    const started = await sendNew(owner, '!tool fixture__slow {"steps":20,"stepMs":100}')
    const stored = async () => JSON.stringify(await messagesOf(owner, started.run.conversationId))
    await expect.poll(stored).toContain('"state":"running"')
    await new Promise((resolve) => setTimeout(resolve, 500))
    await restart()
    const shown = await follow(() => owner, started)
    expect(shown.status).toBe('complete')
    expect(shown.parts.find((part) => part.type === 'tool-call')).toMatchObject({ state: 'done' })
  })

  test('SIGTERM lets a short answer end, and the process ends well', async () => {
    const started = await sendNew(owner, '!words 60 10ms')
    expect(await server.terminate()).toBe(0)
    await start()
    const [, answer] = await messagesOf(owner, started.run.conversationId)
    expect(answer!.status).toBe('complete')
  })

  async function untilWaiting(started: Started): Promise<Run> {
    await follow(() => owner, started)
    const run = await owner.json<Run>('GET', `/api/v1/runs/${started.run.id}`)
    expect(run.status).toBe('interrupted')
    return run
  }
})

describeWithPostgres('two processes on one PostgreSQL', () => {
  test('P3 runs finish: when one is killed, the other completes its answer within 10 seconds', async () => {
    const scratch = await scratchDatabase()
    const homes = [await makeHome(), await makeHome()] as const
    const env = {
      DATABASE_URL: scratch.url,
      PUBLIC_URL: 'http://parley.example',
      PARLEY_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
      OPENAI_BASE_URL: model.openaiBaseUrl,
      OPENAI_API_KEY: 'sk-test',
    }
    // Together: both migrate at once.
    const [first, second] = await Promise.all(
      homes.map((home) => spawnServer({ dataDir: home.dataDir, port: home.port, env })),
    )
    try {
      const owner = await registerOwner(first!.url, first!.setupUrl)
      const elsewhere = callerFor(second!.url, owner.headers)
      const started = await sendAndWait(owner, '!words 200 10ms', 1_300)
      await first!.kill9()
      const killedAt = Date.now()
      const shown = await follow(() => elsewhere, started)
      expect(Date.now() - killedAt).toBeLessThan(within(10_000))
      const [, answer] = await messagesOf(elsewhere, started.run.conversationId)
      expect(answer!.status).toBe('complete')
      expect(shown.parts).toEqual(answer!.parts)
    } finally {
      await Promise.all([first!.kill9(), second!.kill9()])
      for (const home of homes) await home.remove()
      await scratch.drop()
    }
  })
})
