import type { Budget, BudgetStanding } from '@parley/contract'
import type { Ctx } from '../../../platform/context.ts'
import { describeSubjects, namesOfApiKeys } from '../../identity/index.ts'
import { type BudgetRow, rulesOf } from '../rules.ts'
import { type Cap, capOf } from './caps.ts'
import { ensureCounters } from './counters.ts'
import { type CounterRow, listCounters } from './store.ts'
import { thresholdOf } from './warn.ts'

/** Of a budget that each has to itself, this many are shown. */
const mostStandings = 20

/** Budgets with how they stand now; with `subjectOf`, for one subject of each. */
export async function presentBudgets(
  ctx: Ctx,
  budgets: BudgetRow[],
  subjectOf: (budget: BudgetRow) => string | null = ({ scope, subjectId }) => (scope === 'workspace' ? '' : subjectId),
): Promise<Budget[]> {
  const rules = await rulesOf(ctx)
  const now = ctx.clock.now()
  const caps = budgets.map((budget) => ({
    budget,
    subject: subjectOf(budget),
    cap: capOf(budget, subjectOf(budget) ?? '', rules, now),
  }))
  // What was used before the budget was made counts, and a new window begins with nothing: both need a counter.
  await ensureCounters(
    ctx,
    ctx.actor.workspaceId,
    caps.flatMap(({ subject, cap }) => (subject === null ? [] : [cap])),
  )
  const counters = await listCounters(
    ctx,
    caps.map(({ cap, subject }) => ({ id: cap.id, label: cap.label, unit: cap.unit, subject })),
    mostStandings,
  )
  const names = await namesOf(ctx, budgets, counters)
  return caps.map(({ budget, subject, cap }) => {
    const { id, name, scope, subjectId, unit, amount, window, warnAt, hardStop, createdAt, updatedAt } = budget
    const own = counters.filter(({ capId }) => capId === id)
    return {
      id,
      name,
      scope,
      subjectId,
      subjectName: subjectId && names(scope, subjectId),
      unit,
      amount,
      window,
      warnAt,
      hardStop,
      standings:
        own.length === 0 && subject !== null
          ? [presentStanding(cap, { capId: id, subject, spent: 0, reserved: 0 }, names)]
          : own.map((counter) => presentStanding(cap, counter, names)),
      createdAt: createdAt.toISOString(),
      updatedAt: updatedAt.toISOString(),
    }
  })
}

type Names = (scope: Cap['scope'], subject: string) => string | null

function presentStanding(cap: Cap, { subject, spent, reserved }: CounterRow, names: Names): BudgetStanding {
  const reached = thresholdOf(cap, spent)
  return {
    subjectId: subject || null,
    subjectName: subject ? names(cap.scope, subject) : null,
    spent,
    reserved,
    left: Math.max(0, cap.amount - spent - reserved),
    level: reached === undefined ? 'ok' : reached >= 100 ? 'exceeded' : 'warning',
    resetsAt: cap.resetsAt.toISOString(),
  }
}

async function namesOf(ctx: Ctx, budgets: BudgetRow[], counters: CounterRow[]): Promise<Names> {
  const subjects = (scope: Cap['scope']) => {
    const ids = budgets
      .filter((budget) => budget.scope === scope)
      .flatMap(({ id, subjectId }) => [
        ...(subjectId === null ? [] : [subjectId]),
        ...counters.filter(({ capId }) => capId === id).map(({ subject }) => subject),
      ])
    return [...new Set(ids)]
  }
  const [known, keys] = await Promise.all([
    describeSubjects(ctx, { userIds: subjects('user'), groupIds: subjects('group') }),
    namesOfApiKeys(ctx, subjects('key')),
  ])
  return (scope, subject) => {
    if (scope === 'user' || scope === 'group') return known.get(subject)?.name ?? null
    return scope === 'key' ? (keys.get(subject) ?? null) : subject
  }
}
