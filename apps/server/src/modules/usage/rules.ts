import type { Selectable } from 'kysely'
import { rememberPerWorkspace } from '../../platform/cache/index.ts'
import type { Ctx, Platform } from '../../platform/context.ts'
import { listIdsInGroups } from '../identity/index.ts'
import type { BudgetsTable } from './budgets/tables.ts'

export type BudgetRow = Selectable<BudgetsTable>

/** What a workspace has set about usage. */
export interface Rules {
  timeZone: string
  budgets: BudgetRow[]
  /** Who is in the groups that have a budget. */
  members: ReadonlyMap<string, ReadonlySet<string>>
  /** What ends a run. */
  fuse: { maxSteps: number; maxToolCalls: number; maxCostMicroUsd: number; maxMs: number }
}

const remembered = rememberPerWorkspace<Rules>('usage-rules', loadRules)

/** What the actor's workspace has set, from memory as a rule. */
export const rulesOf = (ctx: Ctx): Promise<Rules> => remembered.read(ctx)

/** Call it with the change of the rules. */
export const rulesChanged = (ctx: Platform, workspaceId: string): void => remembered.changed(ctx, workspaceId)

async function loadRules(ctx: Ctx): Promise<Rules> {
  const { workspaceId } = ctx.actor
  const [settings, budgets] = await Promise.all([
    findSettings(ctx, workspaceId),
    ctx.db.selectFrom('budgets').selectAll().where('workspaceId', '=', workspaceId).orderBy('id').execute(),
  ])
  const groupIds = budgets.flatMap(({ scope, subjectId }) =>
    scope === 'group' && subjectId !== null ? [subjectId] : [],
  )
  const members = new Map<string, ReadonlySet<string>>()
  for (const id of new Set(groupIds)) members.set(id, new Set(await listIdsInGroups(ctx, [id])))
  const { usage, chat, models } = ctx.config
  return {
    timeZone: settings?.timeZone ?? usage.timeZone,
    budgets,
    members,
    fuse: {
      maxSteps: settings?.maxSteps ?? chat.maxSteps,
      maxToolCalls: settings?.maxToolCalls ?? usage.maxToolCalls,
      maxCostMicroUsd: settings?.maxCostMicroUsd ?? usage.maxCostMicroUsd,
      maxMs: settings?.maxSeconds ? settings.maxSeconds * 1000 : models.runMs,
    },
  }
}

export function findSettings(ctx: Platform, workspaceId: string) {
  return ctx.db.selectFrom('usageSettings').selectAll().where('workspaceId', '=', workspaceId).executeTakeFirst()
}
