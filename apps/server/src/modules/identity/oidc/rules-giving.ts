import type { Db } from '../../../platform/database/index.ts'
import { listProviderRows, updateProvider } from './store.ts'

/** How many rules of the workspace's providers give a custom role. */
export async function countRulesGiving(db: Db, workspaceId: string, roleId: string): Promise<number> {
  const rows = await listProviderRows(db, workspaceId)
  return rows.flatMap(({ rules }) => rules).filter(({ role }) => role === roleId).length
}

/** Has every rule that gives a custom role give another one. */
export async function replaceRuleRole(db: Db, workspaceId: string, roleId: string, nextId: string): Promise<void> {
  for (const { id, rules } of await listProviderRows(db, workspaceId)) {
    if (!rules.some(({ role }) => role === roleId)) continue
    const next = rules.map((rule) => (rule.role === roleId ? { ...rule, role: nextId } : rule))
    await updateProvider(db, workspaceId, id, { rules: JSON.stringify(next) })
  }
}
