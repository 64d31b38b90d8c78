import type {
  Budget,
  BudgetNotice,
  Conversation,
  Message,
  Page,
  RunEvent,
  Started,
  UsageEntry,
  UsageReport,
  UsageSettings,
} from '@parley/contract'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { newId } from '../../platform/crypto/index.ts'
import { readEvents } from '../../testing/read-events.ts'
import { type ScriptedModel, type Step, startScriptedModel } from '../../testing/scripted-model.ts'
import { type Caller, callerFor, startServer, type TestServer } from '../../testing/start-server.ts'
import { bookExpiredCalls } from './budgets/lost-calls.ts'
import { rollUp } from './ledger/roll-up.ts'

let model: ScriptedModel
let server: TestServer
let member: Caller
let memberId: string

beforeAll(async () => {
  model = await startScriptedModel({ models: ['scripted-large', 'scripted-small'] })
  server = await startServer({
    env: {
      OPENAI_BASE_URL: model.openaiBaseUrl,
      OPENAI_API_KEY: 'sk-test',
      // 2 micro-USD for a token of input, 1 for a cached one, 10 for one of output.
      PARLEY_MODEL_PRICES: 'openai/scripted-large=2/1/10',
      PARLEY_MODEL_RETRIES: '0',
      PARLEY_SIGNUP: 'open',
    },
  })
  const person = { email: 'mo@example.com', password: 'a long member password', name: '=Mo "the" Member, jr' }
  const signedIn = await server.anyone.json<{ accessToken: string; user: { id: string } }>(
    'POST',
    '/api/v1/auth/register',
    person,
  )
  member = callerFor(server.url, { authorization: `Bearer ${signedIn.accessToken}` })
  memberId = signedIn.user.id
})
afterAll(async () => {
  await server.close()
  await model.close()
})
afterEach(async () => {
  const { data } = await server.owner.json<Page<Budget>>('GET', '/api/v1/budgets')
  for (const { id } of data) await server.owner.json('DELETE', `/api/v1/budgets/${id}`)
})

const says = (input: number, output: number, more: Partial<Extract<Step, { type: 'finish' }>> = {}): Step[] => [
  { type: 'text', text: 'Here it is.' },
  { type: 'finish', usage: { input, output }, ...more },
]
const script = (steps: Step[]) => model.setScript(() => steps)

async function ask(
  caller: Caller,
  options: { model?: string; maxOutputTokens?: number; content?: string } = {},
): Promise<Message> {
  const { id } = await caller.json<Conversation>('POST', '/api/v1/conversations', { title: 'Test' })
  const { content = 'Go on', ...rest } = options
  const body = { content, model: 'openai/scripted-large', maxOutputTokens: 100, ...rest }
  return caller.json<Message>('POST', `/api/v1/conversations/${id}/messages`, body, { prefer: 'wait' })
}

type NewBudget = Partial<Budget> & { amount: number }
const make = (budget: NewBudget) =>
  server.owner.json<Budget>('POST', '/api/v1/budgets', {
    name: 'Cap',
    scope: 'workspace',
    unit: 'tokens',
    window: 'day',
    ...budget,
  })
const budgets = async (caller: Caller = server.owner) =>
  (await caller.json<Page<Budget>>('GET', '/api/v1/budgets')).data
const limitsIn = (frames: { event: RunEvent }[]): BudgetNotice[] =>
  frames.flatMap(({ event }) => (event.type === 'CUSTOM' && event.name === 'parley.limit' ? [event.value] : []))

async function follow(caller: Caller, options: { maxOutputTokens?: number } = {}) {
  const { id } = await caller.json<Conversation>('POST', '/api/v1/conversations', { title: 'Test' })
  const body = { content: 'Go on', model: 'openai/scripted-large', ...options }
  const { run } = await caller.json<Started>('POST', `/api/v1/conversations/${id}/messages`, body)
  const { frames } = await readEvents(caller, run.id)
  return { run, frames }
}

describe('a budget', () => {
  test('counts what was used before it was made, for whom it counts, and in its unit', async () => {
    script(says(500, 20))
    await ask(member)
    await ask(server.owner)
    const mine = await make({ scope: 'user', subjectId: memberId, amount: 1_000_000 })
    expect(mine.standings).toMatchObject([
      { subjectId: memberId, subjectName: '=Mo "the" Member, jr', spent: 520, reserved: 0 },
    ])
    const all = await make({ unit: 'money', amount: 1_000_000 })
    const [before] = all.standings
    await ask(member)
    const after = await budgets()
    expect(after[0]!.standings[0]!.spent).toBe(1_040)
    expect(after[1]!.standings[0]!.spent - before!.spent).toBe(500 * 2 + 20 * 10)
  })

  test('of each person is each one’s own', async () => {
    script(says(500, 20))
    await make({ scope: 'user', subjectId: null, amount: 6_000, name: 'Each' })
    await ask(member)
    await ask(server.owner)
    const [each] = await budgets()
    expect(each!.standings.map(({ subjectId }) => subjectId).sort()).toEqual(
      [server.owner.signedIn.user.id, memberId].sort(),
    )
    // One is used up, the other is not.
    for (let turn = 0; turn < 12; turn += 1) await ask(member)
    expect((await ask(member)).error?.code).toBe('budget_exceeded')
    expect((await ask(server.owner)).status).toBe('complete')
    const own = await member.json<Page<Budget>>('GET', '/api/v1/me/budgets')
    expect(own.data[0]!.standings).toMatchObject([{ subjectId: memberId }])
  })

  test('of a key counts calls made with it, also after the run went on elsewhere', async () => {
    script(says(500, 20))
    const key = await server.owner.json<{ id: string; key: string }>('POST', '/api/v1/api-keys', { name: 'Script' })
    const budget = await make({ scope: 'key', subjectId: key.id, amount: 1_000_000 })
    const withKey = callerFor(server.url, { authorization: `Bearer ${key.key}` })
    expect((await ask(withKey)).status).toBe('complete')
    await ask(server.owner)
    const found = (await budgets()).find(({ id }) => id === budget.id)!
    expect(found.standings[0]).toMatchObject({ subjectName: 'Script', spent: 520 })
  })

  test('of a group counts all who are in it, together, and nobody else', async () => {
    script(says(500, 20))
    const group = await server.owner.json<{ id: string }>('POST', '/api/v1/groups', { name: 'Friends' })
    await server.owner.json('PUT', `/api/v1/groups/${group.id}/members/${memberId}`)
    const budget = await make({ scope: 'group', subjectId: group.id, amount: 1_000_000_000 })
    expect(budget.subjectName).toBe('Friends')
    const spent = async () => (await budgets()).find(({ id }) => id === budget.id)!.standings[0]!.spent
    const before = await spent()
    await ask(member)
    await ask(server.owner)
    expect(await spent()).toBe(before + 520)
    expect((await member.json<Page<Budget>>('GET', '/api/v1/me/budgets')).data).toHaveLength(1)
    expect((await server.owner.json<Page<Budget>>('GET', '/api/v1/me/budgets')).data).toHaveLength(0)
  })

  test('of a model counts that model alone; in money, what has no price does not count', async () => {
    script(says(500, 20))
    const tokens = await make({ scope: 'model', subjectId: 'openai/scripted-small', amount: 1_000_000 })
    const money = await make({ scope: 'model', subjectId: 'openai/scripted-small', amount: 1, unit: 'money' })
    expect((await ask(server.owner, { model: 'openai/scripted-small' })).status).toBe('complete')
    await ask(server.owner)
    const after = await budgets()
    expect(after.find(({ id }) => id === tokens.id)!.standings[0]!.spent).toBe(520)
    expect(after.find(({ id }) => id === money.id)!.standings[0]!.spent).toBe(0)
  })

  test('that is nearly used up gives the answer less room, and says so when that cut it', async () => {
    script([
      { type: 'text', text: 'Half an ans' },
      { type: 'finish', reason: 'length', usage: { input: 300, output: 400 } },
    ])
    const before = (await make({ amount: 1_000_000 })).standings[0]!.spent
    const [budget] = await budgets()
    await server.owner.json('PATCH', `/api/v1/budgets/${budget!.id}`, { amount: before + 2_000 })
    const { frames } = await follow(server.owner)
    const sent = model.requests.at(-1)!.body.max_tokens as number
    expect(sent).toBeGreaterThanOrEqual(256)
    expect(sent).toBeLessThan(1_700)
    const [lowered] = limitsIn(frames).filter(({ level }) => level === 'lowered')
    expect(lowered).toMatchObject({ name: 'Cap', unit: 'tokens', amount: before + 2_000 })
    const last = frames.findLast(({ event }) => event.type === 'CUSTOM' && event.name === 'parley.part')
    expect(JSON.stringify(last)).toContain('the budget “Cap” had too little left')
  })

  test('warns at its thresholds, each once, and does not stop where it only warns', async () => {
    script(says(900, 20))
    const spent = (await make({ amount: 10_000_000 })).standings[0]!.spent
    const [budget] = await budgets()
    await server.owner.json('PATCH', `/api/v1/budgets/${budget!.id}`, {
      amount: Math.ceil((spent + 910) / 0.8),
      warnAt: [80, 95],
      hardStop: false,
    })
    const first = await follow(server.owner)
    expect(limitsIn(first.frames)).toMatchObject([{ level: 'warning', name: 'Cap' }])
    const events = () =>
      server.platform.db
        .selectFrom('outboxEvents')
        .select(['type', 'data'])
        .where('type', 'like', 'budget-%')
        .where('subjectId', '=', budget!.id)
        .orderBy('position')
        .execute()
    expect(await events()).toMatchObject([{ type: 'budget-warned', data: { threshold: 80, name: 'Cap' } }])
    for (let turn = 0; turn < 30; turn += 1) {
      expect((await ask(server.owner)).status).toBe('complete')
      if ((await budgets())[0]!.standings[0]!.level === 'exceeded') break
    }
    const told = (await events()).map(({ data }) => (data as { threshold: number }).threshold)
    expect(told).toEqual([...new Set(told)])
    expect(told.at(-1)).toBe(100)
    expect((await ask(server.owner)).status).toBe('complete')
  })

  test('used up: which one, what is left, when it begins anew, and what to do; kept with the message', async () => {
    script(says(500, 20))
    const budget = await make({ amount: 1, name: 'Tiny', window: 'month' })
    const asked = model.requests.length
    const { run, frames } = await follow(server.owner)
    expect(model.requests.length).toBe(asked)
    expect(frames.at(-1)!.event).toMatchObject({ type: 'RUN_ERROR', code: 'budget_exceeded' })
    const { error } = await server.owner.json<{ error: unknown }>('GET', `/api/v1/runs/${run.id}`)
    expect(error).toMatchObject({
      code: 'budget_exceeded',
      message: expect.stringMatching(/“Tiny” \(1 tokens a month\).*begins anew on 1 \w+ \d{4}.*\(UTC\).*ask an admin/),
      budget: { budgetId: budget.id, name: 'Tiny', left: 0, amount: 1, unit: 'tokens', window: 'month' },
    })
    // The built-in guide costs nothing, and answers.
    expect((await ask(server.owner, { model: 'parley/guide' })).status).toBe('complete')
    await server.owner.json('PATCH', `/api/v1/budgets/${budget.id}`, { amount: 10_000_000 })
    expect((await ask(server.owner)).status).toBe('complete')
  })

  test('is made by those who may, for someone who is there', async () => {
    const refused = async (caller: Caller, body: object) => {
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
      return (await caller.fetch('/api/v1/budgets', init)).status
    }
    const body = { name: 'Cap', scope: 'user', unit: 'tokens', window: 'day', amount: 5 }
    expect(await refused(member, body)).toBe(403)
    expect((await member.fetch('/api/v1/budgets')).status).toBe(403)
    expect(await refused(server.owner, { ...body, subjectId: newId() })).toBe(400)
    expect(await refused(server.owner, { ...body, scope: 'workspace', subjectId: memberId })).toBe(400)
    expect(await refused(server.owner, { ...body, scope: 'model', subjectId: 'nonsense' })).toBe(400)
    expect((await server.owner.fetch(`/api/v1/budgets/${newId()}`, { method: 'DELETE' })).status).toBe(404)
    expect(await budgets()).toEqual([])
  })
})

describe('the ledger', () => {
  const rows = async (query: string, caller: Caller = server.owner, path = '/api/v1/usage/entries') =>
    (await caller.json<Page<UsageEntry>>('GET', `${path}?limit=200${query}`)).data

  test('has who, what for, how much and how long of every call, titles too', async () => {
    model.setScript((request) =>
      request.system.startsWith('Write a title')
        ? [
            { type: 'text', text: 'A title' },
            { type: 'finish', usage: { input: 50, output: 3 } },
          ]
        : [
            { type: 'wait', ms: 30 },
            { type: 'text', text: 'Yes.' },
            { type: 'finish', usage: { input: 100, cachedInput: 40, output: 30, reasoning: 20 } },
          ],
    )
    const { id } = await member.json<Conversation>('POST', '/api/v1/conversations', {})
    const body = { content: 'Hello', model: 'openai/scripted-large' }
    const message = await member.json<Message>('POST', `/api/v1/conversations/${id}/messages`, body, { prefer: 'wait' })
    const ofThis = async () => (await rows('')).filter(({ conversationId }) => conversationId === id)
    await expect.poll(async () => (await ofThis()).length).toBe(2)
    const [title, chat] = await ofThis()
    expect(chat).toMatchObject({
      purpose: 'chat',
      userId: memberId,
      userName: '=Mo "the" Member, jr',
      apiKeyId: null,
      plan: 'enterprise',
      model: 'openai/scripted-large',
      runId: message.runId,
      messageId: message.id,
      inputTokens: 100,
      cachedInputTokens: 40,
      outputTokens: 30,
      reasoningTokens: 20,
      costMicroUsd: 60 * 2 + 40 * 1 + 30 * 10,
      outcome: 'finished',
      estimated: false,
    })
    expect(chat!.firstTokenMs).toBeGreaterThanOrEqual(25)
    expect(chat!.latencyMs).toBeGreaterThanOrEqual(chat!.firstTokenMs!)
    expect(title).toMatchObject({ purpose: 'title', costMicroUsd: 50 * 2 + 3 * 10, runId: message.runId })
    expect(message.usage?.costMicroUsd).toBe(460)
  })

  test('counts nothing for a call that was refused, and an estimate for one that broke', async () => {
    script([{ type: 'fail', kind: 'auth' }])
    await ask(member)
    script([
      { type: 'text', text: 'Half an answer, and then nothing more came.' },
      { type: 'wait', ms: 200 },
      { type: 'reset' },
    ])
    await ask(member)
    const [broken, refused] = await rows('&purpose=chat')
    expect(refused).toMatchObject({ inputTokens: 0, outputTokens: 0, costMicroUsd: 0, outcome: 'failed' })
    expect(broken).toMatchObject({ outcome: 'failed', estimated: true, outputTokens: 12 })
    expect(broken!.inputTokens).toBeGreaterThan(50)
  })

  test('says so where a price is not known', async () => {
    script(says(70, 7))
    await ask(member, { model: 'openai/scripted-small' })
    expect((await rows('&model=openai/scripted-small'))[0]).toMatchObject({ costMicroUsd: null, inputTokens: 70 })
    const report = await server.owner.json<UsageReport>('GET', '/api/v1/usage/report?model=openai/scripted-small')
    expect(report.total).toMatchObject({ costMicroUsd: 0 })
    expect(report.total.unpricedCalls).toBe(report.total.calls)
  })

  test('is one’s own for everybody, and everyone’s for those who may; pages hold every entry once', async () => {
    expect((await member.fetch('/api/v1/usage/entries')).status).toBe(403)
    expect((await member.fetch('/api/v1/usage/report')).status).toBe(403)
    const own = await rows('', member, '/api/v1/me/usage/entries')
    expect(own.length).toBeGreaterThan(3)
    expect(own.every(({ userId }) => userId === memberId)).toBe(true)
    expect(await rows(`&userId=${memberId}`)).toEqual(own)
    const ids: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Page<UsageEntry> = await server.owner.json(
        'GET',
        `/api/v1/usage/entries?limit=7${cursor && `&cursor=${cursor}`}`,
      )
      ids.push(...page.data.map(({ id }) => id))
      cursor = page.nextCursor
    }
    const all = await server.platform.db.selectFrom('usageEntries').select('id').execute()
    expect(ids.sort()).toEqual(all.map(({ id }) => id).sort())
  })

  test('rolls up exactly: once, in any order, with late entries, and anew in another time zone', async () => {
    const entry = (createdAt: string, inputTokens: number) => ({
      id: newId(),
      callKey: newId(),
      workspaceId: server.owner.signedIn.user.workspace.id,
      userId: memberId,
      apiKeyId: null,
      plan: null,
      purpose: 'chat' as const,
      runId: newId(),
      conversationId: newId(),
      messageId: newId(),
      provider: 'openai',
      model: 'openai/old',
      inputTokens,
      cachedInputTokens: 0,
      outputTokens: 0,
      reasoningTokens: 0,
      costMicroUsd: inputTokens,
      latencyMs: 1,
      firstTokenMs: 1,
      outcome: 'finished' as const,
      estimated: false,
      rolledUp: false,
      createdAt: new Date(createdAt),
    })
    const add = (...entries: ReturnType<typeof entry>[]) =>
      server.platform.db.insertInto('usageEntries').values(entries).execute()
    const days = async () => {
      const query = '?from=2026-03-28&to=2026-03-31&model=openai/old'
      const report = await server.owner.json<UsageReport>('GET', `/api/v1/usage/report${query}`)
      return Object.fromEntries(report.days.map(({ day, calls, costMicroUsd }) => [day, [calls, costMicroUsd]]))
    }
    const never = new AbortController().signal
    // Berlin's clocks go forward on 2026-03-29: that day is from 23:00 to 22:00 UTC.
    await add(entry('2026-03-28T22:59:59Z', 1), entry('2026-03-28T23:00:00Z', 10), entry('2026-03-29T21:59:59Z', 100))
    await add(entry('2026-03-29T22:00:00Z', 1_000))
    const inUtc = { '2026-03-28': [2, 11], '2026-03-29': [2, 1_100] }
    expect(await days()).toEqual(inUtc)
    await Promise.all([rollUp(server.platform, never), rollUp(server.platform, never)])
    expect(await days()).toEqual(inUtc)
    await add(entry('2026-03-28T12:00:00Z', 5))
    expect(await days()).toEqual({ ...inUtc, '2026-03-28': [3, 16] })
    await rollUp(server.platform, never)
    await rollUp(server.platform, never)
    expect(await days()).toEqual({ ...inUtc, '2026-03-28': [3, 16] })
    await server.owner.json('PATCH', '/api/v1/usage/settings', { timeZone: 'Europe/Berlin' })
    const inBerlin = { '2026-03-28': [2, 6], '2026-03-29': [2, 110], '2026-03-30': [1, 1_000] }
    expect(await days()).toEqual(inBerlin)
    await add(entry('2026-03-28T23:30:00Z', 7))
    await rollUp(server.platform, never)
    expect(await days()).toEqual({ ...inBerlin, '2026-03-29': [3, 117] })
    await server.owner.json('PATCH', '/api/v1/usage/settings', { timeZone: null })
    expect(await days()).toEqual({ '2026-03-28': [4, 23], '2026-03-29': [2, 1_100] })
  })

  test('is exported as CSV that every spreadsheet reads and none runs, and as JSON', async () => {
    const csv = await server.owner.fetch(`/api/v1/usage/export?userId=${memberId}`)
    expect(csv.headers.get('content-type')).toContain('text/csv')
    expect(csv.headers.get('content-disposition')).toMatch(/attachment; filename="usage-\d{4}-\d\d-\d\d\.csv"/)
    const text = await csv.text()
    const lines = text.split('\r\n')
    const entries = await rows(`&userId=${memberId}`)
    expect(lines[0]).toMatch(/^createdAt,userName,userEmail,/)
    expect(lines).toHaveLength(entries.length + 2)
    expect(lines.at(-1)).toBe('')
    expect(lines[1]).toContain(`,"'=Mo ""the"" Member, jr",mo@example.com,`)
    const json = (await (await server.owner.fetch(`/api/v1/usage/export?format=json&userId=${memberId}`)).json()) as {
      data: { id: string }[]
    }
    expect(json.data.map(({ id }) => id)).toEqual(entries.map(({ id }) => id).reverse())
    const none = await (
      await server.owner.fetch('/api/v1/usage/export?format=json&from=2000-01-01&to=2000-01-02')
    ).json()
    expect(none).toEqual({ data: [] })
    const own = (await (await member.fetch('/api/v1/me/usage/export?format=json')).json()) as {
      data: { userId: string }[]
    }
    expect(own.data.every(({ userId }) => userId === memberId)).toBe(true)
  })

  test('books a call whose process went away when its reservation expires', async () => {
    const budget = await make({ amount: 1_000_000 })
    const [before] = budget.standings
    const workspaceId = server.owner.signedIn.user.workspace.id
    const call = {
      callKey: `${newId()}/1/0`,
      purpose: 'chat' as const,
      workspaceId,
      userId: memberId,
      apiKeyId: null,
      plan: null,
      runId: newId(),
      conversationId: newId(),
      messageId: newId(),
      provider: 'openai',
      model: 'openai/scripted-large',
      price: null,
      inputTokens: 100,
      maxOutputTokens: 50,
      startedAt: new Date().toISOString(),
    }
    const window = new Date().toISOString().slice(0, 10)
    const items = [{ capId: budget.id, subject: '', window, money: false, amount: 400 }]
    await server.platform.db
      .insertInto('budgetReservations')
      .values({
        callKey: call.callKey,
        workspaceId,
        runId: call.runId,
        items: JSON.stringify(items),
        call: JSON.stringify(call),
        expiresAt: new Date(0),
      })
      .execute()
    await server.platform.db
      .updateTable('budgetCounters')
      .set({ reserved: 400 })
      .where('capId', '=', budget.id)
      .execute()
    await Promise.all([bookExpiredCalls(server.platform), bookExpiredCalls(server.platform)])
    const after = (await budgets()).find(({ id }) => id === budget.id)!.standings[0]!
    expect(after).toMatchObject({ spent: before!.spent + 150, reserved: 0 })
    expect((await rows(`&userId=${memberId}`))[0]).toMatchObject({ outcome: 'lost', estimated: true, outputTokens: 50 })
  })
})

describe('the fuse of a run', () => {
  const change = (runFuse: object) => server.owner.json<UsageSettings>('PATCH', '/api/v1/usage/settings', { runFuse })
  const none = { maxSteps: null, maxToolCalls: null, maxCostMicroUsd: null, maxSeconds: null }
  const failure = async () => (await ask(server.owner)).error
  afterEach(() => change(none))

  /** Asks for tools for ever. */
  const restless: Step[] = [
    { type: 'tool-call', name: 'nothing', arguments: {} },
    { type: 'tool-call', name: 'nothing', arguments: {} },
    { type: 'finish', usage: { input: 100, output: 50 } },
  ]

  test('ends it by steps, by tool calls, by cost and by time, and says which', async () => {
    script(restless)
    await change({ maxSteps: 3 })
    expect(await failure()).toMatchObject({ code: 'run_limit', message: expect.stringContaining('more than 3 steps') })
    await change({ ...none, maxToolCalls: 5 })
    expect(await failure()).toMatchObject({
      code: 'run_limit',
      message: expect.stringContaining('more than 5 tool calls'),
    })
    await change({ ...none, maxCostMicroUsd: 1_500 })
    expect(await failure()).toMatchObject({
      code: 'run_limit',
      message: expect.stringMatching(/cost \$0\.00.*limit is \$0\.00/),
    })
    script([{ type: 'text', text: 'word '.repeat(4_000).split(/(?<= )/), everyMs: 10 }])
    expect((await change({ ...none, maxSeconds: 10 })).runFuse.maxSeconds).toBe(10)
    expect(await failure()).toMatchObject({
      code: 'run_limit',
      message: expect.stringContaining('longer than 10 seconds'),
    })
  })

  test('gives the answer no more room than what may still be spent buys', async () => {
    script(says(100, 20))
    await change({ maxCostMicroUsd: 20_000 })
    await follow(server.owner)
    const sent = model.requests.at(-1)!.body.max_tokens as number
    expect(sent).toBeLessThan(2_000)
    expect(sent).toBeGreaterThan(1_000)
  })
})
