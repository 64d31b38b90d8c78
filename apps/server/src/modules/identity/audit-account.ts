import { type AuditAct, type AuditCtx, audit } from '../../platform/audit/index.ts'
import { newId } from '../../platform/crypto/index.ts'
import './tables.ts'

/**
 * Writes what happens to somebody's account to the logs of all their workspaces: each of them relies on it. Who is in none
 * is in the log of the installation. It takes as long for an account that is not there: nobody learns of one by the clock.
 */
export async function auditAccount(
  tx: AuditCtx,
  userId: string | undefined,
  act: Omit<AuditAct, 'subject' | 'workspaces'>,
): Promise<void> {
  const rows = await tx.db
    .selectFrom('memberships')
    .select('workspaceId')
    .where('userId', '=', userId ?? newId())
    .execute()
  const workspaces = rows.length === 0 ? 'installation' : rows.map(({ workspaceId }) => workspaceId)
  await audit(tx, { subject: { kind: 'person', id: userId }, workspaces, ...act })
}
