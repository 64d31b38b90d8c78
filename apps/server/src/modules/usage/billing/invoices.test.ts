import type { Billing, Invoice, InvoiceDraft, InvoiceLine, InvoiceSummary, Page, UsageLine } from '@parley/contract'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Platform } from '../../../platform/context.ts'
import { newId } from '../../../platform/crypto/index.ts'
import { type Caller, callerFor, startServer, type TestServer } from '../../../testing/start-server.ts'
import { claimPlan } from '../limits/claim-plan.ts'
import { drawUp, nextPeriod } from './draw-up.ts'
import { issueInvoices } from './issue-invoices.ts'

let server: TestServer

beforeAll(async () => {
  server = await startServer({ env: { PARLEY_SIGNUP: 'open' } })
})
afterAll(() => server.close())

const never = new AbortController().signal
const at = (time: string): Platform => ({ ...server.platform, clock: { now: () => new Date(time) } })
const issue = (time: string) => issueInvoices(at(time), never)

/** A workspace of the past, with nobody in it. */
async function makeWorkspace(createdAt: string, timeZone?: string): Promise<string> {
  const id = newId()
  const { db } = server.platform
  await db
    .insertInto('workspaces')
    .values({ id, name: `Workspace ${id}`, createdAt: new Date(createdAt) })
    .execute()
  if (timeZone) await setTimeZone(id, timeZone)
  return id
}

async function setTimeZone(workspaceId: string, timeZone: string): Promise<void> {
  const none = { maxSteps: null, maxToolCalls: null, maxCostMicroUsd: null, maxSeconds: null, updatedAt: new Date() }
  await server.platform.db
    .insertInto('usageSettings')
    .values({ workspaceId, timeZone, ...none })
    .onConflict((conflict) => conflict.column('workspaceId').doUpdateSet({ timeZone }))
    .execute()
}

interface Call {
  createdAt: Date
  model?: string
  plan?: string | null
  inputTokens?: number
  costMicroUsd?: number | null
}

async function book(workspaceId: string, calls: Call[]): Promise<void> {
  const rows = calls.map(({ createdAt, model = 'openai/large', plan = 'pro', inputTokens = 10, costMicroUsd = 1 }) => ({
    ...{ id: newId(), callKey: newId(), workspaceId, userId: newId(), apiKeyId: null, plan, purpose: 'chat' as const },
    ...{ runId: newId(), conversationId: newId(), messageId: newId(), provider: 'openai', model, inputTokens },
    ...{ cachedInputTokens: 1, outputTokens: 7, reasoningTokens: 2, costMicroUsd, latencyMs: 5, firstTokenMs: null },
    ...{ outcome: 'finished' as const, estimated: false, rolledUp: false, createdAt },
  }))
  for (let i = 0; i < rows.length; i += 200) {
    await server.platform.db
      .insertInto('usageEntries')
      .values(rows.slice(i, i + 200))
      .execute()
  }
}

const invoicesOf = (workspaceId: string) =>
  server.platform.db
    .selectFrom('invoices')
    .selectAll()
    .where('workspaceId', '=', workspaceId)
    .orderBy('number')
    .execute()
const usage = (lines: InvoiceLine[]) => lines.filter((line): line is UsageLine => line.kind === 'usage')

const figures = ['calls', 'unpricedCalls', 'inputTokens', 'cachedInputTokens', 'outputTokens', 'costMicroUsd'] as const

function sumOf(lines: UsageLine[]): Record<string, number> {
  return Object.fromEntries(figures.map((name) => [name, lines.reduce((sum, line) => sum + line[name], 0)]))
}

async function ledgerOf(workspaceId: string, from = '1970-01-01', to = '2100-01-01'): Promise<Record<string, number>> {
  const { rows } = await sql<Record<string, number>>`
    select count(*)::int as "calls", (count(*) filter (where "costMicroUsd" is null))::int as "unpricedCalls",
      sum("inputTokens")::bigint as "inputTokens", sum("cachedInputTokens")::bigint as "cachedInputTokens",
      sum("outputTokens")::bigint as "outputTokens", coalesce(sum("costMicroUsd"), 0)::bigint as "costMicroUsd"
    from "usageEntries" where "workspaceId" = ${workspaceId}
      and "createdAt" >= ${from}::timestamptz and "createdAt" < ${to}::timestamptz`.execute(server.platform.db)
  return rows[0]!
}

const setPlan = (id: string, change: object) => server.owner.json('PATCH', `/api/v1/plans/${id}`, change)

test('the lines of all invoices and of the draft are the ledger, also when the time zone moves in between', async () => {
  const workspaceId = await makeWorkspace('2026-01-03T10:00:00Z', 'Asia/Tokyo')
  const random = mulberry(7)
  const from = Date.parse('2026-01-03T10:00:00Z')
  const span = Date.parse('2026-04-20T00:00:00Z') - from
  // On the very edges of months too, in both zones.
  const edges = ['2026-01-31T15:00:00Z', '2026-02-28T14:59:59.999Z', '2026-03-01T00:00:00Z', '2026-03-01T10:00:00Z']
  const calls = [
    ...edges.map((time) => ({ createdAt: new Date(time) })),
    ...Array.from({ length: 900 }, () => ({
      createdAt: new Date(from + Math.floor(random() * span)),
      model: `openai/model-${Math.floor(random() * 4)}`,
      plan: [null, 'free', 'pro'][Math.floor(random() * 3)]!,
      inputTokens: Math.floor(random() * 100_000),
      costMicroUsd: random() < 0.2 ? null : Math.floor(random() * 2_000_000),
    })),
  ]
  await book(workspaceId, calls)
  await issue('2026-02-15T00:00:00Z')
  await setTimeZone(workspaceId, 'America/New_York')
  await issue('2026-04-15T00:00:00Z')

  const invoices = await invoicesOf(workspaceId)
  expect(invoices.map(({ month }) => month)).toEqual(['2026-01', '2026-02', '2026-03'])
  expect(invoices[0]!.periodEnd.toISOString()).toBe('2026-01-31T15:00:00.000Z')
  expect(invoices[2]!.periodEnd.toISOString()).toBe('2026-04-01T04:00:00.000Z')
  for (const { lines, periodStart, periodEnd, totalMicroUsd, usageCostMicroUsd } of invoices) {
    const ledger = await ledgerOf(workspaceId, periodStart.toISOString(), periodEnd.toISOString())
    expect(sumOf(usage(lines))).toEqual(ledger)
    expect(usageCostMicroUsd).toBe(ledger.costMicroUsd)
    expect(totalMicroUsd).toBe(lines.reduce((sum, { amountMicroUsd }) => sum + amountMicroUsd, 0))
  }
  const now = at('2026-04-20T00:00:00Z')
  const draft = await drawUp(now, workspaceId, await nextPeriod(now, workspaceId))
  const all = [...invoices.flatMap(({ lines }) => lines), ...draft.lines]
  expect(sumOf(usage(all))).toEqual(await ledgerOf(workspaceId))
})

test('several at once make each invoice once, with numbers that have no gaps', async () => {
  const workspaces: string[] = []
  for (let i = 0; i < 4; i++) workspaces.push(await makeWorkspace('2026-01-05T00:00:00Z'))
  for (const id of workspaces) await book(id, [{ createdAt: new Date('2026-01-20T00:00:00Z') }])
  for (const id of workspaces.slice(1)) await book(id, [{ createdAt: new Date('2026-03-20T00:00:00Z') }])
  await Promise.all(Array.from({ length: 4 }, () => issue('2026-05-02T00:00:00Z')))
  await issue('2026-05-02T00:00:00Z')
  for (const [index, id] of workspaces.entries()) {
    // February had neither a call nor a fee.
    expect((await invoicesOf(id)).map(({ month }) => month)).toEqual(index === 0 ? ['2026-01'] : ['2026-01', '2026-03'])
  }
  const all = await server.platform.db.selectFrom('invoices').select('number').orderBy('number').execute()
  expect(all.map(({ number }) => number)).toEqual(all.map((_, index) => index + 1))
})

test('a month is closed an hour after its end, by the calendar of the workspace', async () => {
  const workspaceId = await makeWorkspace('2026-05-03T00:00:00Z', 'Pacific/Auckland')
  await book(workspaceId, [{ createdAt: new Date('2026-05-10T00:00:00Z') }])
  // Midnight in Auckland is noon in UTC.
  await issue('2026-05-31T12:59:59Z')
  expect(await invoicesOf(workspaceId)).toEqual([])
  await issue('2026-05-31T13:00:00Z')
  expect(await invoicesOf(workspaceId)).toHaveLength(1)
})

test('what was issued is never changed: not by later calls, other prices or names, nor by a statement', async () => {
  const workspaceId = await makeWorkspace('2026-01-05T00:00:00Z')
  await book(workspaceId, [{ createdAt: new Date('2026-01-20T00:00:00Z'), costMicroUsd: 500_000 }])
  await issue('2026-02-02T00:00:00Z')
  const before = await invoicesOf(workspaceId)
  await book(workspaceId, [{ createdAt: new Date('2026-01-21T00:00:00Z'), costMicroUsd: 900_000 }])
  await setPlan('pro', { markupPercent: 50 })
  await issue('2026-02-03T00:00:00Z')
  await setPlan('pro', { markupPercent: null })
  expect(before[0]!.totalMicroUsd).toBe(0)
  expect(await invoicesOf(workspaceId)).toEqual(before)
  const { db } = server.platform
  const id = before[0]!.id
  await expect(db.updateTable('invoices').set({ totalMicroUsd: 1 }).where('id', '=', id).execute()).rejects.toThrow(
    'never changed',
  )
  await expect(db.deleteFrom('invoices').where('id', '=', id).execute()).rejects.toThrow('never changed')
})

describe('what is charged', () => {
  test('the fee of each plan for its days, and usage with the mark-up of the plan it was made on', async () => {
    await setPlan('pro', { monthlyPriceMicroUsd: 20_000_000, markupPercent: 20 })
    await setPlan('free', { monthlyPriceMicroUsd: 0 })
    const workspaceId = await makeWorkspace('2026-01-01T00:00:00Z')
    const on = (time: string, planId: string) => claimPlan(at(time), workspaceId, { planId })
    await on('2026-01-01T00:00:00Z', 'free')
    await on('2026-02-11T08:00:00Z', 'pro')
    await book(workspaceId, [
      { createdAt: new Date('2026-02-05T00:00:00Z'), plan: 'free', costMicroUsd: 400_000 },
      { createdAt: new Date('2026-02-15T00:00:00Z'), plan: 'pro', costMicroUsd: 1_234_567 },
    ])
    await issue('2026-03-02T00:00:00Z')
    const [, february] = await invoicesOf(workspaceId)
    expect(february!.lines).toEqual([
      expect.objectContaining({ kind: 'plan', planId: 'free', days: 10, amountMicroUsd: 0 }),
      expect.objectContaining({ kind: 'plan', planId: 'pro', days: 18, people: null, amountMicroUsd: 12_860_000 }),
      expect.objectContaining({ kind: 'usage', planId: 'pro', markupPercent: 20, amountMicroUsd: 1_480_000 }),
      expect.objectContaining({ kind: 'usage', planId: 'free', markupPercent: null, amountMicroUsd: 0 }),
    ])
    expect(february!.totalMicroUsd).toBe(14_340_000)
    expect(february!.usageCostMicroUsd).toBe(1_634_567)
    await setPlan('pro', { monthlyPriceMicroUsd: null, markupPercent: null })
    await setPlan('free', { monthlyPriceMicroUsd: null })
  })

  test('a price for each person counts the people, and not programs; what Stripe collects is not charged again', async () => {
    await setPlan('enterprise', { monthlyPriceMicroUsd: 10_000_000, priceUnit: 'person' })
    const body = { email: 'second@example.com', password: 'a long test password', name: 'Second' }
    await server.anyone.json('POST', '/api/v1/auth/register', body)
    await server.owner.json('POST', '/api/v1/service-accounts', { name: 'Robot', role: 'member' })
    const draft = await server.owner.json<InvoiceDraft>('GET', '/api/v1/billing/draft')
    const [fee] = draft.lines
    expect(fee).toMatchObject({ kind: 'plan', planId: 'enterprise', people: 2, collectedByStripe: false })
    const { days, daysInMonth } = fee as Extract<InvoiceLine, { kind: 'plan' }>
    expect(fee!.amountMicroUsd).toBe(Math.round((2_000 * days) / daysInMonth) * 10_000)

    const workspaceId = await makeWorkspace('2026-01-01T00:00:00Z')
    await claimPlan(at('2026-01-01T00:00:00Z'), workspaceId, { subscribedPlanId: 'enterprise' })
    await issue('2026-02-02T00:00:00Z')
    const [invoice] = await invoicesOf(workspaceId)
    expect(invoice!.lines).toMatchObject([{ kind: 'plan', days: 31, collectedByStripe: true, amountMicroUsd: 0 }])
    await setPlan('enterprise', { monthlyPriceMicroUsd: null, priceUnit: 'workspace' })
  })
})

describe('the plan of a workspace', () => {
  test('is the operator’s as long as they say so, then the one that is paid for, then the default', async () => {
    const { workspace } = server.owner.signedIn.user
    const put = (planId: string | null) =>
      server.owner.json('PUT', `/api/v1/workspace-plans/${workspace.id}`, { planId })
    const billing = async () => {
      const { plan, planSource } = await server.owner.json<Billing>('GET', '/api/v1/billing')
      return [plan.id, planSource]
    }
    expect(await billing()).toEqual(['enterprise', 'default'])
    await claimPlan(server.platform, workspace.id, { subscribedPlanId: 'pro' })
    expect(await billing()).toEqual(['pro', 'subscription'])
    expect(await put('free')).toMatchObject({ planId: 'free', source: 'operator', subscribedPlanId: 'pro' })
    expect(await billing()).toEqual(['free', 'operator'])
    expect(await put(null)).toMatchObject({ planId: 'pro', source: 'subscription' })
    await claimPlan(server.platform, workspace.id, { subscribedPlanId: null })
    expect(await billing()).toEqual(['enterprise', 'default'])
    const changes = server.platform.db.selectFrom('planChanges').select(['fromPlanId', 'planId'])
    expect(await changes.where('workspaceId', '=', workspace.id).orderBy('at').execute()).toEqual([
      { fromPlanId: 'enterprise', planId: 'pro' },
      { fromPlanId: 'pro', planId: 'free' },
      { fromPlanId: 'free', planId: 'pro' },
      { fromPlanId: 'pro', planId: 'enterprise' },
    ])
  })
})

describe('over the API', () => {
  let id: string
  let member: Caller

  beforeAll(async () => {
    const { workspace } = server.owner.signedIn.user
    const calls = ['2026-11', '2026-12', '2027-01'].map((month) => ({
      createdAt: new Date(`${month}-28T20:00:00Z`),
      model: '=evil/"model", x',
      costMicroUsd: 1_500_000,
    }))
    await book(workspace.id, calls)
    await issue('2027-02-03T00:00:00Z')
    id = (await list()).data[0]!.id
    const body = { email: 'member@example.com', password: 'a long test password', name: 'Member' }
    const { accessToken } = await server.anyone.json<{ accessToken: string }>('POST', '/api/v1/auth/register', body)
    member = callerFor(server.url, { authorization: `Bearer ${accessToken}` })
  })
  const list = (query = '') => server.owner.json<Page<InvoiceSummary>>('GET', `/api/v1/billing/invoices${query}`)

  test('invoices are listed newest first, in pages', async () => {
    const months: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Page<InvoiceSummary> = await list(`?limit=1${cursor && `&cursor=${cursor}`}`)
      months.push(...page.data.map(({ month }) => month))
      cursor = page.nextCursor
    }
    expect(months).toEqual(['2027-01', '2026-12', '2026-11'])
  })

  test('one is read with its lines, and sent as a file that no spreadsheet runs', async () => {
    const invoice = await server.owner.json<Invoice>('GET', `/api/v1/billing/invoices/${id}`)
    expect(invoice.number).toMatch(/^INV-\d{6}$/)
    expect(usage(invoice.lines)).toMatchObject([{ model: '=evil/"model", x', calls: 1, costMicroUsd: 1_500_000 }])
    const file = await server.owner.fetch(`/api/v1/billing/invoices/${id}/export`)
    expect(file.headers.get('content-disposition')).toContain(`${invoice.number}.csv`)
    const text = await file.text()
    expect(text.split('\r\n')[0]).toBe(
      'number,month,kind,plan,model,days,people,calls,unpricedCalls,inputTokens,cachedInputTokens,outputTokens,reasoningTokens,costMicroUsd,markupPercent,collectedByStripe,amountMicroUsd',
    )
    expect(text).toContain(`"'=evil/""model"", x"`)
  })

  test('P6: they are for those who may see billing, and for nobody of another workspace', async () => {
    for (const path of ['billing', 'billing/draft', 'billing/invoices', `billing/invoices/${id}`]) {
      expect((await member.fetch(`/api/v1/${path}`)).status).toBe(403)
    }
    const foreign = await makeWorkspace('2026-01-05T00:00:00Z')
    await book(foreign, [{ createdAt: new Date('2026-01-20T00:00:00Z') }])
    await issue('2026-02-02T00:00:00Z')
    const [theirs] = await invoicesOf(foreign)
    for (const suffix of ['', '/export']) {
      const response = await server.owner.fetch(`/api/v1/billing/invoices/${theirs!.id}${suffix}`)
      expect(response.status).toBe(404)
    }
  })
})

/** Random numbers that are the same every time. */
function mulberry(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}
