import { type AuditCtx, audit } from '../../platform/audit/index.ts'
import { maskAddress } from '../../platform/mail/index.ts'
import type { Member } from './add-person.ts'
import { auditAccount } from './audit-account.ts'

/**
 * A sign-in that failed. Where the account is known, its workspaces are told; else it is the installation's, with so much
 * of the address that somebody who knows it recognises it: what is typed there by mistake is often a password.
 */
export function auditRefused(
  platform: AuditCtx,
  userId: string | undefined,
  { method, reason, email }: { method: string; reason: string; email?: string },
): Promise<void> {
  return auditAccount(platform, userId, {
    action: 'session.refused',
    outcome: 'refused',
    after: { method, reason, email: email === undefined || userId !== undefined ? undefined : maskAddress(email) },
    by: { kind: 'anonymous' },
  })
}

/** A session that is over. */
export function auditEnded(tx: AuditCtx, session: Member & { id: string }, reason: string): Promise<void> {
  return audit(tx, {
    action: 'session.ended',
    subject: { kind: 'person', id: session.userId },
    after: { sessionId: session.id, reason },
    workspaces: [session.workspaceId],
  })
}
