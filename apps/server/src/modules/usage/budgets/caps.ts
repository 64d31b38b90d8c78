import type { BudgetNotice, BudgetUnit, BudgetWindow } from '@parley/contract'
import { resolveLimits } from '../limits/effective-limits.ts'
import type { LimitSettings } from '../limits/limit-settings.ts'
import type { BudgetRow, Rules } from '../rules.ts'
import { windowAt } from './windows.ts'

/** What limits a call: a budget, or the tokens a day of a plan. Whose counter, in which window. */
export interface Cap {
  kind: BudgetNotice['kind']
  id: string
  name: string
  scope: BudgetNotice['scope']
  /** The person, key or model whose calls the counter counts; empty: the workspace. */
  subject: string
  /** Which entries of the ledger it counts; null: the ledger does not tell. */
  counts: { userIds?: string[]; apiKeyId?: string; model?: string } | null
  unit: BudgetUnit
  window: BudgetWindow
  amount: number
  hardStop: boolean
  warnAt: number[]
  timeZone: string
  label: string
  startsAt: Date
  resetsAt: Date
}

const usualWarnings = [80]
const ofWhom = {
  workspace: 'of the workspace',
  group: 'of the group',
  user: 'of each person',
  key: 'of the key',
  model: 'of the model',
}

/** The caps on tokens a day that the plan and its overrides set. */
export function planCaps(
  settings: LimitSettings,
  timeZone: string,
  caller: Caller & { workspaceId: string },
  now: Date,
): Cap[] {
  const { workspaceId, userId, apiKeyId, model } = caller
  const who = { workspaceId, userId, keyId: apiKeyId ?? undefined, model }
  const { plan, tokensPerDay } = resolveLimits(settings, who)
  return tokensPerDay.map(({ counter, subject, counted, amount, setBy }): Cap => {
    const whole = {
      workspace: {},
      group: null,
      user: { userIds: [userId] },
      key: { apiKeyId: subject.id },
      model: { model },
    }[subject.kind]
    return {
      kind: 'plan',
      id: `tokens ${counter}`,
      name: setBy === 'plan' ? `${plan.name} plan` : `Tokens a day ${ofWhom[subject.kind]}`,
      scope: subject.kind,
      subject: '',
      counts: whole && subject.kind === 'model' && counted === 'each' ? { userIds: [userId], model } : whole,
      unit: 'tokens',
      window: 'day',
      amount,
      hardStop: true,
      warnAt: usualWarnings,
      timeZone,
      ...windowAt(now, timeZone, 'day'),
    }
  })
}

/** Whose calls, with which key and which model. */
export interface Caller {
  userId: string
  apiKeyId: string | null
  model: string
}

/** The budgets that count a call. */
export function capsOf(rules: Rules, caller: Caller, now: Date): Cap[] {
  return rules.budgets.flatMap((budget) => {
    const subject = subjectOf(budget, rules, caller)
    return subject === undefined ? [] : [capOf(budget, subject, rules, now)]
  })
}

/** The counter of a budget that is used by `subject` now. */
export function capOf(budget: BudgetRow, subject: string, { timeZone, members }: Rules, now: Date): Cap {
  const { id, name, scope, unit, window, amount, hardStop, warnAt } = budget
  const counts = {
    workspace: {},
    group: { userIds: [...(members.get(subject) ?? [])] },
    user: { userIds: [subject] },
    key: { apiKeyId: subject },
    model: { model: subject },
  }[scope]
  const plain = { id, name, scope, unit, window, amount, hardStop, warnAt }
  return { kind: 'budget', ...plain, counts, subject, timeZone, ...windowAt(now, timeZone, window) }
}

/** Undefined where the budget does not count the call. */
function subjectOf(
  { scope, subjectId }: BudgetRow,
  { members }: Rules,
  { userId, apiKeyId, model }: Caller,
): string | undefined {
  if (scope === 'workspace') return ''
  if (scope === 'group') return subjectId !== null && members.get(subjectId)?.has(userId) ? subjectId : undefined
  const subject = { user: userId, key: apiKeyId, model }[scope]
  if (subject === null || (subjectId !== null && subjectId !== subject)) return undefined
  return subject
}
