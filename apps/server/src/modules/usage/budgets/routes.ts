import { budgetEndpoints, idSchema } from '@parley/contract'
import type { Ctx } from '../../../platform/context.ts'
import { decodeCursor, encodeCursor, type Http } from '../../../platform/http/index.ts'
import { findSubjects, listApiKeyNames } from '../../identity/index.ts'
import { type BudgetRow, type Rules, rulesOf } from '../rules.ts'
import { changeBudget, createBudget, removeBudget } from './change-budgets.ts'
import { presentBudgets } from './present.ts'
import { listBudgetRows } from './store.ts'

export function mountBudgets(http: Http): void {
  http.route(budgetEndpoints.listBudgets, async (ctx, { query }) => {
    const { rows, nextCursor } = await page(ctx, query)
    return { data: await presentBudgets(ctx, rows), nextCursor }
  })
  http.route(budgetEndpoints.listMyBudgets, async (ctx, { query }) => {
    const { rows, nextCursor } = await page(ctx, query)
    const rules = await rulesOf(ctx)
    const own = (budget: BudgetRow) => ownSubject(ctx, rules, budget)
    const mine = rows.filter((budget) => own(budget) !== undefined)
    return { data: await presentBudgets(ctx, mine, (budget) => own(budget) ?? null), nextCursor }
  })
  http.route(budgetEndpoints.listBudgetSubjects, async (ctx) => {
    const [subjects, keys] = await Promise.all([findSubjects(ctx, { limit: 2_000 }), listApiKeyNames(ctx)])
    const choices = (wanted: 'user' | 'group') =>
      subjects.filter(({ kind }) => kind === wanted).map(({ id, name }) => ({ id, name }))
    return { people: choices('user'), groups: choices('group'), keys }
  })
  http.route(budgetEndpoints.createBudget, (ctx, { body }, { idempotency }) => createBudget(ctx, body, idempotency))
  http.route(budgetEndpoints.updateBudget, (ctx, { params, body }) => changeBudget(ctx, params.id, body))
  http.route(budgetEndpoints.deleteBudget, (ctx, { params }) => removeBudget(ctx, params.id))
}

async function page(ctx: Ctx, query: { limit: number; cursor?: string | undefined }) {
  const afterId = query.cursor === undefined ? undefined : decodeCursor(idSchema, query.cursor)
  const rows = await listBudgetRows(ctx, { limit: query.limit + 1, afterId })
  const more = rows.length > query.limit
  if (more) rows.pop()
  return { rows, nextCursor: more ? encodeCursor(rows.at(-1)!.id) : null }
}

/** Whose counter of a budget counts the actor's own calls; null: several (models); undefined: none. */
function ownSubject({ actor }: Ctx, { members }: Rules, { scope, subjectId }: BudgetRow): string | null | undefined {
  switch (scope) {
    case 'workspace':
      return ''
    case 'user':
      return subjectId === null || subjectId === actor.userId ? actor.userId : undefined
    case 'group':
      return subjectId !== null && members.get(subjectId)?.has(actor.userId) ? subjectId : undefined
    case 'key':
      return subjectId === null || subjectId === actor.apiKeyId ? actor.apiKeyId : undefined
    case 'model':
      return subjectId
  }
}
