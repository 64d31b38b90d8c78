import type { BudgetNotice } from '@parley/contract'
import type { Ctx } from '../../../platform/context.ts'
import { AppError } from '../../../platform/errors.ts'
import type { Cap } from './caps.ts'
import type { Request } from './reserve.ts'

/** A counter as a call found it. */
export interface Standing {
  spent: number
  reserved: number
  /** Tokens that an answer might have. */
  allowed: number
}

/** A budget and its counter, as people are told. */
export function noticeOf(
  cap: Cap,
  { spent, reserved }: Pick<Standing, 'spent' | 'reserved'>,
  level: BudgetNotice['level'],
): BudgetNotice {
  const { kind, id, name, scope, unit, window, amount, resetsAt, timeZone } = cap
  const left = Math.max(0, amount - spent - reserved)
  return {
    kind,
    level,
    budgetId: kind === 'budget' ? id : null,
    name,
    scope,
    unit,
    window,
    amount,
    spent,
    reserved,
    left,
    resetsAt: resetsAt.toISOString(),
    timeZone,
  }
}

/** Says which budget leaves too little for the call, how much that is, and what to do. */
export function budgetExceeded(
  ctx: Ctx,
  standings: { cap: Cap; row: Standing }[],
  request: Request,
  shortestAnswer: number,
): AppError {
  const least = Math.min(request.wantedOutput, shortestAnswer)
  const short = standings.filter(({ cap, row }) => cap.hardStop && row.allowed < least)
  const [tightest] = short.sort((one, other) => one.row.allowed - other.row.allowed)
  if (!tightest)
    return new AppError('unavailable', 'The budgets changed just now. Try again.', { retryAfterSeconds: 1 })
  const { cap, row } = tightest
  const budget = noticeOf(cap, row, 'exceeded')
  const waits = row.reserved > 0 && row.spent < cap.amount
  const secondsLeft = Math.max(1, Math.ceil((cap.resetsAt.getTime() - ctx.clock.now().getTime()) / 1000))
  const left = budget.left === 0 ? 'is used up' : `has ${sayAmount(cap, budget.left)} left, too little for an answer`
  const held = waits
    ? ` Answers being written hold ${sayAmount(cap, row.reserved)} of it: what they do not use comes back.`
    : ''
  const what = cap.kind === 'budget' ? `budget “${cap.name}”` : `allowance “${cap.name}”`
  const message = `The ${what} (${sayAmount(cap, cap.amount)} a ${cap.window}) ${left}.${held} It begins anew on ${sayMoment(cap)}. Until then ask an admin for more${cap.unit === 'money' ? ', or choose a cheaper model' : ''}.`
  return new AppError('budget_exceeded', message, { budget, retryAfterSeconds: waits ? 5 : secondsLeft })
}

function sayAmount({ unit }: Cap, amount: number): string {
  if (unit === 'tokens') return `${amount.toLocaleString('en')} tokens`
  const dollars = amount / 1_000_000
  return `$${dollars >= 0.01 || dollars === 0 ? dollars.toFixed(2) : dollars.toPrecision(2)}`
}

function sayMoment({ resetsAt, timeZone }: Cap): string {
  const format = new Intl.DateTimeFormat('en-GB', { timeZone, dateStyle: 'long', timeStyle: 'short' })
  return `${format.format(resetsAt)} (${timeZone})`
}
