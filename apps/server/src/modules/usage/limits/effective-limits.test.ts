import { describe, expect, test } from 'vitest'
import { startServer } from '../../../testing/start-server.ts'
import { systemCtx } from '../../identity/index.ts'
import { effectiveLimits, type Limited, resolveLimits } from './effective-limits.ts'
import type { OverrideRow, PlanRow } from './store.ts'

const at = new Date(0)
const plan: PlanRow = {
  id: 'pro',
  name: 'Pro',
  position: 2,
  requestsPerHour: 100,
  requestBurst: 50,
  tokensPerDay: 1_000_000,
  monthlyPriceMicroUsd: null,
  yearlyPriceMicroUsd: null,
  priceUnit: 'workspace',
  markupPercent: null,
  stripeMonthlyPriceId: null,
  stripeYearlyPriceId: null,
  updatedAt: at,
}

type Set = Pick<OverrideRow, 'subjectKind' | 'subjectId'> & Partial<OverrideRow>

function settings(rows: Set[], of = plan, groups = ['g', 'h']) {
  const all = rows.map((row): OverrideRow => {
    const { requestsPerHour = null } = row
    const none = { id: '', workspaceId: 'w', createdBy: '', createdAt: at, updatedAt: at, tokensPerDay: null }
    return { ...none, counted: 'each', abovePlan: false, requestsPerHour, requestBurst: requestsPerHour, ...row }
  })
  return {
    plan: of,
    groupsOf: () => groups,
    find: (kind: string, id: string, counted: string) =>
      all.find((row) => row.subjectKind === kind && row.subjectId === id && row.counted === counted),
  }
}

const who: Limited = { workspaceId: 'w', userId: 'u' }
const allowance = (rows: Set[], groups?: string[]) => resolveLimits(settings(rows, plan, groups), who).requests[0]

describe('what one person may do', () => {
  test('is the plan’s, until something more specific says otherwise, figure by figure', () => {
    const workspace: Set = { subjectKind: 'workspace', subjectId: 'w', requestsPerHour: 80 }
    const group: Set = { subjectKind: 'group', subjectId: 'g', requestsPerHour: 60, tokensPerDay: 500_000 }
    const user: Set = { subjectKind: 'user', subjectId: 'u', requestsPerHour: 70 }
    expect(allowance([])).toMatchObject({ amount: 100, burst: 50, setBy: 'plan', counter: 'w user u' })
    expect(allowance([workspace])).toMatchObject({ amount: 80, setBy: 'workspace' })
    expect(allowance([workspace, group])).toMatchObject({ amount: 60, setBy: 'group' })
    expect(allowance([workspace, group, user])).toMatchObject({ amount: 70, setBy: 'user', counter: 'w user u' })
    expect(allowance([{ ...user, subjectId: 'someone else' }])).toMatchObject({ amount: 100 })
    const { tokensPerDay } = resolveLimits(settings([workspace, group, user]), who)
    expect(tokensPerDay).toMatchObject([{ amount: 500_000, setBy: 'group', counter: 'w user u' }])
  })

  test('of several groups, the most generous counts', () => {
    const groups: Set[] = [
      { subjectKind: 'group', subjectId: 'g', requestsPerHour: 20 },
      { subjectKind: 'group', subjectId: 'h', requestsPerHour: 40 },
    ]
    expect(allowance(groups)).toMatchObject({ amount: 40 })
    expect(allowance(groups, ['g'])).toMatchObject({ amount: 20 })
    expect(allowance(groups, [])).toMatchObject({ amount: 100 })
  })

  test('never goes above the plan, unless the operator said so', () => {
    const user: Set = { subjectKind: 'user', subjectId: 'u', requestsPerHour: 5_000 }
    expect(allowance([user])).toMatchObject({ amount: 100, burst: 50, setBy: 'user' })
    expect(allowance([{ ...user, abovePlan: true }])).toMatchObject({ amount: 5_000, burst: 5_000 })
    const workspace: Set = { subjectKind: 'workspace', subjectId: 'w', requestsPerHour: 300, abovePlan: true }
    expect(allowance([user, workspace])).toMatchObject({ amount: 300, setBy: 'user' })
  })

  test('is without limit where the plan has none, and can still be limited', () => {
    const unlimited = { ...plan, requestsPerHour: null, requestBurst: null, tokensPerDay: null }
    expect(resolveLimits(settings([], unlimited), who)).toMatchObject({ requests: [], tokensPerDay: [] })
    const user: Set = { subjectKind: 'user', subjectId: 'u', requestsPerHour: 7 }
    expect(resolveLimits(settings([user], unlimited), who).requests).toMatchObject([{ amount: 7 }])
  })
})

test('every other level that sets a cap counts beside it', () => {
  const rows: Set[] = [
    { subjectKind: 'workspace', subjectId: 'w', requestsPerHour: 900, counted: 'together' },
    { subjectKind: 'group', subjectId: 'h', requestsPerHour: 400, counted: 'together' },
    { subjectKind: 'group', subjectId: 'not theirs', requestsPerHour: 1, counted: 'together' },
    { subjectKind: 'key', subjectId: 'k', requestsPerHour: 30 },
    { subjectKind: 'model', subjectId: 'a/big', requestsPerHour: 5 },
    { subjectKind: 'model', subjectId: 'a/big', requestsPerHour: 50, counted: 'together' },
  ]
  const counters = (limited: Limited, groups?: string[]) =>
    resolveLimits(settings(rows, plan, groups), limited).requests.map(({ counter, amount }) => [counter, amount])
  expect(counters(who)).toEqual([
    ['w user u', 100],
    ['w group h', 400],
    ['w workspace', 900],
  ])
  expect(counters({ ...who, keyId: 'k', model: 'a/big' }, [])).toEqual([
    ['w user u', 100],
    ['w key k', 30],
    ['w workspace', 900],
    ['w user u model a/big', 5],
    ['w model a/big', 50],
  ])
})

test('the workspace of whoever runs the installation is on enterprise, another on PARLEY_DEFAULT_PLAN', async () => {
  const server = await startServer({ env: { PARLEY_DEFAULT_PLAN: 'free' } })
  const { id: userId, workspace } = server.owner.signedIn.user
  const ctx = await systemCtx(server.platform, { userId, workspaceId: workspace.id }, 'test')
  expect(await effectiveLimits(ctx)).toMatchObject({
    plan: { id: 'enterprise' },
    requests: [{ amount: 1_000, burst: 1_000 }],
    tokensPerDay: [{ amount: 10_000_000 }],
  })
  const elsewhere = { ...ctx, actor: { ...ctx.actor, workspaceId: '019a0000-0000-7000-8000-000000000000' } }
  expect(await effectiveLimits(elsewhere)).toMatchObject({
    plan: { id: 'free' },
    requests: [{ amount: 10, burst: 10 }],
    tokensPerDay: [{ amount: 100_000 }],
  })
  await server.close()
})
