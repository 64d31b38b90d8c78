import type { Budget, Conversation, Message, Page, UsageEntry } from '@parley/contract'
import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { slowness } from '../../../testing/pace.ts'
import { type ScriptedModel, type Step, startScriptedModel } from '../../../testing/scripted-model.ts'
import { describeWithPostgres, scratchDatabase, testOnPostgres } from '../../../testing/services.ts'
import {
  type Caller,
  callerFor,
  makeHome,
  registerOwner,
  spawnServer,
  startServer,
} from '../../../testing/start-server.ts'

/** Dollars per million tokens, so that a token of input costs 10 micro-USD, and one of output 100. */
const prices = 'openai/scripted-large=10/5/100'
const longest = 50
/** What the prompt of these tests may be at most, and one call with it. */
const mostInput = 800
const dearestCall = mostInput * 10 + longest * 100

let model: ScriptedModel
beforeAll(async () => {
  model = await startScriptedModel({ models: ['scripted-large'] })
})
afterAll(() => model.close())

const environment = () => ({
  OPENAI_BASE_URL: model.openaiBaseUrl,
  OPENAI_API_KEY: 'sk-test',
  PARLEY_MODEL_PRICES: prices,
  PARLEY_MODEL_RETRIES: '0',
  PARLEY_DEFAULT_PLAN: 'enterprise',
})

/** The same failures in the same order for the same seed. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
}

/** Answers that use much, a third of them failing in some way: what was used, as the provider would bill it. */
function unreliable(seed: number) {
  const next = random(seed)
  return (): Step[] => {
    const [lot, input, output, pause] = [next(), next(), next(), next()]
    // Never more tokens of input than the prompt has bytes, about 420: no tokenizer makes more of it.
    const usage = { input: 150 + Math.floor(input * 250), output: 10 + Math.floor(output * (longest - 10)) }
    const answer: Step[] = [
      { type: 'wait', ms: Math.floor(pause * 120) },
      { type: 'text', text: 'Here it is.' },
    ]
    if (lot < 0.08) return [{ type: 'fail', kind: 'rate-limited', retryAfter: '1' }]
    if (lot < 0.14) return [{ type: 'fail', kind: 'server-error' }]
    if (lot < 0.2) return [{ type: 'reset' }]
    if (lot < 0.27) return [...answer, { type: 'reset' }]
    if (lot < 0.33) return [...answer, { type: 'cut' }]
    return [...answer, { type: 'finish', usage }]
  }
}

/** 200; fewer where the machine is so slow right now that requests would wait too long for a connection. */
const atOnce = slowness() > 3 ? 50 : 200

async function makeBudget(owner: Caller, amount: number): Promise<Budget> {
  const body = { name: 'Team', scope: 'workspace', unit: 'money', amount, window: 'month' }
  return owner.json<Budget>('POST', '/api/v1/budgets', body)
}

async function ask(caller: Caller, content = 'Go on'): Promise<Message> {
  // With a title: no call to find one.
  const { id } = await caller.json<Conversation>('POST', '/api/v1/conversations', { title: 'Test' })
  const path = `/api/v1/conversations/${id}/messages`
  return caller.json<Message>('POST', path, { content, maxOutputTokens: longest }, { prefer: 'wait' })
}

async function entriesOf(caller: Caller): Promise<UsageEntry[]> {
  const entries: UsageEntry[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const query: string = cursor === '' ? '' : `&cursor=${cursor}`
    const page: Page<UsageEntry> = await caller.json('GET', `/api/v1/usage/entries?limit=200${query}`)
    entries.push(...page.data)
    cursor = page.nextCursor
  }
  return entries
}

const costOf = (entries: UsageEntry[]) => entries.reduce((sum, { costMicroUsd }) => sum + (costMicroUsd ?? 0), 0)
const standing = async (caller: Caller) => {
  const { data } = await caller.json<Page<Budget>>('GET', '/api/v1/budgets')
  return data[0]!.standings[0]!
}

/** Looks at a counter again and again: the highest that spent and reserved came to together. */
function watch(read: () => Promise<{ spent: number; reserved: number }[]>) {
  let highest = 0
  let looks = 0
  let stopped = false
  const watching = (async () => {
    while (!stopped) {
      for (const { spent, reserved } of await read()) highest = Math.max(highest, spent + reserved)
      looks += 1
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  })()
  return async () => {
    stopped = true
    await watching
    return { highest, looks }
  }
}

describe('one process', () => {
  test('P5 no overspend: 200 at once at a budget for 10, with failures: never above it, and the ledger is the calls', async () => {
    const server = await startServer({ env: environment() })
    const { owner } = server
    const requestsBefore = model.requests.length
    model.setScript(unreliable(7))
    const amount = 10 * dearestCall
    const budget = await makeBudget(owner, amount)
    const stop = watch(async () => {
      const { rows } = await sql<{ spent: number; reserved: number }>`
        select "spent", "reserved" from "budgetCounters" where "capId" = ${budget.id}`.execute(server.platform.db)
      return rows
    })
    const messages = await Promise.all(Array.from({ length: atOnce }, () => ask(owner)))
    const { highest, looks } = await stop()

    const calls = model.requests.length - requestsBefore
    const refused = messages.filter(({ error }) => error?.code === 'budget_exceeded')
    expect(looks).toBeGreaterThan(5)
    expect(highest).toBeLessThanOrEqual(amount)
    expect(highest).toBeGreaterThan(amount / 2)
    expect(calls).toBeGreaterThanOrEqual(10)
    expect(refused).toHaveLength(atOnce - calls)
    expect(refused[0]!.error).toMatchObject({
      message: expect.stringContaining('“Team” ($0.13 a month)'),
      budget: { kind: 'budget', level: 'exceeded', budgetId: budget.id, amount, timeZone: 'UTC' },
    })

    const entries = await entriesOf(owner)
    expect(entries).toHaveLength(calls)
    expect(await standing(owner)).toMatchObject({ spent: costOf(entries), reserved: 0 })
    expect(costOf(entries)).toBeLessThanOrEqual(amount)
    // One after the other, until nothing is left: still not a micro-dollar more.
    let last = messages[0]!
    for (let turn = 0; turn < 60 && last.error?.code !== 'budget_exceeded'; turn += 1) last = await ask(owner)
    expect(last.error?.code).toBe('budget_exceeded')
    const { spent, reserved } = await standing(owner)
    expect(reserved).toBe(0)
    expect(spent).toBeLessThanOrEqual(amount)
    expect(spent).toBe(costOf(await entriesOf(owner)))
    expect(await server.platform.db.selectFrom('budgetReservations').selectAll().execute()).toEqual([])
    await server.close()
  })

  // PGlite has one connection: nothing happens at the same moment there.
  testOnPostgres(
    'P5 no overspend: reservations that meet at the same moment each see what those before them took',
    async () => {
      const server = await startServer({ env: environment() })
      const { owner, platform } = server
      model.setScript(() => [
        { type: 'text', text: 'Here.' },
        { type: 'wait', ms: 300 },
      ])
      const amount = 3 * dearestCall
      const budget = await makeBudget(owner, amount)
      await ask(owner)
      const counter = sql<{ spent: number; reserved: number }>`
        select "spent", "reserved" from "budgetCounters" where "capId" = ${budget.id}`
      const { promise: released, resolve: release } = Promise.withResolvers<void>()
      const { promise: held, resolve: hold } = Promise.withResolvers<void>()
      const holding = platform.db.transaction().execute(async (tx) => {
        await sql`${counter} for update`.execute(tx)
        hold()
        await released
      })
      await held
      const stop = watch(async () => (await counter.execute(platform.db)).rows)
      const asked = Array.from({ length: 6 }, () => ask(owner))
      await expect
        .poll(async () => {
          const waiting = sql`select 1 from pg_stat_activity
            where "datname" = current_database() and "wait_event_type" = 'Lock' and "query" like '%with cap as%'`
          return (await waiting.execute(platform.db)).rows.length
        })
        .toBeGreaterThanOrEqual(4)
      release()
      const messages = await Promise.all(asked)
      await holding
      const { highest } = await stop()
      expect(highest).toBeLessThanOrEqual(amount)
      const refused = messages.filter(({ error }) => error?.code === 'budget_exceeded')
      expect(refused.length).toBeGreaterThan(0)
      expect(refused.length).toBeLessThan(6)
      await server.close()
    },
  )

  test('P5 no overspend: killed between reserve and settle, the calls are booked once, and what they held comes back', async () => {
    model.setScript(() => [{ type: 'text', text: 'word '.repeat(200).split(/(?<= )/), everyMs: 10 }])
    const home = await makeHome()
    const start = () => spawnServer({ dataDir: home.dataDir, port: home.port, env: { ...home.env, ...environment() } })
    let server = await start()
    try {
      const owner = await registerOwner(server.url, server.setupUrl)
      await makeBudget(owner, 100 * dearestCall)
      const before = model.requests.length
      const asked = Promise.allSettled(Array.from({ length: 8 }, () => ask(owner)))
      await expect.poll(() => model.requests.length - before).toBe(8)
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      expect((await standing(owner)).reserved).toBeGreaterThan(8 * longest * 100)
      await server.kill9()
      await asked
      server = await start()
      await expect.poll(async () => (await entriesOf(owner)).length).toBe(16)
      const entries = await entriesOf(owner)
      expect(model.requests.length - before).toBe(16)
      expect(entries.filter(({ outcome }) => outcome === 'lost')).toHaveLength(8)
      for (const { outcome, estimated, outputTokens } of entries) {
        if (outcome !== 'lost') continue
        expect(estimated).toBe(true)
        // What had been saved of it: about a second of ten milliseconds a word.
        expect(outputTokens).toBeGreaterThan(10)
      }
      const { spent, reserved } = await standing(owner)
      expect({ spent, reserved }).toEqual({ spent: costOf(entries), reserved: 0 })
    } finally {
      await server.kill9()
      await home.remove()
    }
  })
})

describeWithPostgres('two processes on one PostgreSQL', () => {
  test('P5 no overspend: 200 at once, one process killed in the middle: never above the cap, the ledger is the calls', async () => {
    model.setScript(unreliable(11))
    const scratch = await scratchDatabase()
    const homes = [await makeHome(), await makeHome()]
    const env = {
      ...environment(),
      DATABASE_URL: scratch.url,
      PUBLIC_URL: 'http://parley.example',
      PARLEY_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    }
    const [first, second] = await Promise.all(
      homes.map((home) => spawnServer({ dataDir: home.dataDir, port: home.port, env })),
    )
    const client = new pg.Client({ connectionString: scratch.url })
    await client.connect()
    try {
      const owner = await registerOwner(first!.url, first!.setupUrl)
      const elsewhere = callerFor(second!.url, owner.headers)
      const amount = 10 * dearestCall
      const budget = await makeBudget(owner, amount)
      const before = model.requests.length
      const stop = watch(async () => {
        const { rows } = await client.query(
          'select "spent"::int, "reserved"::int from "budgetCounters" where "capId" = $1',
          [budget.id],
        )
        return rows
      })
      const asked = Promise.allSettled(
        Array.from({ length: atOnce }, (_, index) => ask(index % 2 === 0 ? owner : elsewhere)),
      )
      await expect.poll(() => model.requests.length - before, { interval: 2 }).toBeGreaterThan(6)
      await first!.kill9()
      await asked
      // The other takes over what the killed one was at.
      const unfinished = async () =>
        (await client.query(`select count(*)::int as n from "runs" where "status" = 'running'`)).rows[0].n as number
      await expect.poll(unfinished).toBe(0)
      const { highest, looks } = await stop()
      const entries = await entriesOf(elsewhere)
      const { spent, reserved } = await standing(elsewhere)
      expect(looks).toBeGreaterThan(20)
      expect(highest).toBeLessThanOrEqual(amount)
      // What was reserved and perhaps not sent yet when the process was killed, nobody can tell: it is booked as lost.
      const calls = model.requests.length - before
      const lost = entries.filter(({ outcome }) => outcome === 'lost')
      expect(entries.length).toBeGreaterThanOrEqual(calls)
      expect(entries.length - lost.length).toBeLessThanOrEqual(calls)
      expect(entries.length).toBeGreaterThanOrEqual(10)
      expect({ spent, reserved }).toEqual({ spent: costOf(entries), reserved: 0 })
      expect(spent).toBeLessThanOrEqual(amount)
    } finally {
      await client.end()
      await Promise.all([first!.kill9(), second!.kill9()])
      for (const home of homes) await home.remove()
      await scratch.drop()
    }
  })
})
