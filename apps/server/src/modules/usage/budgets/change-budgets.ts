import type { BodyOf, Budget, budgetEndpoints } from '@parley/contract'
import { audit } from '../../../platform/audit/index.ts'
import { type Ctx, inTransaction } from '../../../platform/context.ts'
import { isId, newId } from '../../../platform/crypto/index.ts'
import { AppError, notFound } from '../../../platform/errors.ts'
import { type Idempotency, once } from '../../../platform/http/index.ts'
import { describeSubjects, namesOfApiKeys } from '../../identity/index.ts'
import { type BudgetRow, rulesChanged } from '../rules.ts'
import { presentBudgets } from './present.ts'
import * as store from './store.ts'

/** Every budget is looked at before every call. */
const mostBudgets = 200
const usualWarnings = [80]

/** @throws AppError invalid_request when whom it shall count is nobody here */
export async function createBudget(
  ctx: Ctx,
  body: BodyOf<typeof budgetEndpoints.createBudget>,
  idempotency: Idempotency | undefined,
): Promise<Budget> {
  const { name, scope, unit, amount, window, warnAt = usualWarnings, hardStop = true } = body
  const subjectId = await requireSubject(ctx, scope, body.subjectId ?? null)
  const now = ctx.clock.now()
  const budget = await once(ctx, idempotency, async (tx) => {
    const { count } = await store.countBudgets(tx)
    if (count >= mostBudgets) {
      throw new AppError('unprocessable', `A workspace has ${mostBudgets} budgets at most. Delete one first.`)
    }
    const row: BudgetRow = await store.insertBudget(tx, {
      id: newId(),
      workspaceId: tx.actor.workspaceId,
      name,
      scope,
      subjectId,
      unit,
      amount,
      window,
      warnAt: JSON.stringify(sorted(warnAt)),
      hardStop,
      createdAt: now,
      updatedAt: now,
    })
    await audit(tx, { action: 'budget.created', subject: budgetSubject(row), after: row })
    const [made] = await presentBudgets(tx, [row])
    return made!
  })
  announce(ctx)
  return budget
}

/** @throws AppError not_found */
export async function changeBudget(
  ctx: Ctx,
  id: string,
  { warnAt, ...plain }: BodyOf<typeof budgetEndpoints.updateBudget>,
): Promise<Budget> {
  const row = await inTransaction(ctx, async (tx) => {
    const before = await store.findBudget(tx, id)
    const changed = await store.updateBudget(tx, id, {
      ...plain,
      ...(warnAt === undefined ? {} : { warnAt: JSON.stringify(sorted(warnAt)) }),
    })
    if (!changed) throw notFound('budget')
    await audit(tx, { action: 'budget.changed', subject: budgetSubject(changed), before, after: changed })
    if (plain.amount !== undefined || warnAt !== undefined) await store.forgetWarnings(tx, id)
    return changed
  })
  announce(ctx)
  const [budget] = await presentBudgets(ctx, [row])
  return budget!
}

/** @throws AppError not_found */
export async function removeBudget(ctx: Ctx, id: string): Promise<void> {
  await inTransaction(ctx, async (tx) => {
    const before = await store.findBudget(tx, id)
    if (before === undefined || !(await store.deleteBudget(tx, id))) throw notFound('budget')
    await audit(tx, { action: 'budget.deleted', subject: budgetSubject(before), before })
  })
  announce(ctx)
}

function budgetSubject({ id, name }: BudgetRow) {
  return { kind: 'budget', id, name }
}

/** Here, in other processes, and in open windows. */
function announce(ctx: Ctx): void {
  const { workspaceId } = ctx.actor
  rulesChanged(ctx, workspaceId)
  ctx.bus.publish(`changes:workspace:${workspaceId}`, { type: 'budgets-changed' })
}

async function requireSubject(ctx: Ctx, scope: Budget['scope'], subjectId: string | null): Promise<string | null> {
  if (subjectId === null) {
    if (scope === 'group') throw wrongSubject('Name the group.')
    return null
  }
  if (scope === 'workspace') throw wrongSubject('A budget of the workspace names nobody.')
  if (scope === 'model') {
    if (/^[^/\s]+\/\S+$/.test(subjectId)) return subjectId
    throw wrongSubject('Name the model as <provider>/<model>.')
  }
  if (isId(subjectId) && (await isThere(ctx, scope, subjectId))) return subjectId
  const what = { user: 'person', group: 'group', key: 'API key' }[scope]
  throw wrongSubject(`There is no such ${what} in this workspace.`)
}

async function isThere(ctx: Ctx, scope: 'user' | 'group' | 'key', id: string): Promise<boolean> {
  if (scope === 'key') return (await namesOfApiKeys(ctx, [id])).has(id)
  const ids = scope === 'user' ? { userIds: [id], groupIds: [] } : { userIds: [], groupIds: [id] }
  return (await describeSubjects(ctx, ids)).has(id)
}

function wrongSubject(message: string): AppError {
  return new AppError('invalid_request', message, { fields: [{ pointer: '/subjectId', message }] })
}

function sorted(thresholds: number[]): number[] {
  return [...new Set(thresholds)].sort((one, other) => one - other)
}
