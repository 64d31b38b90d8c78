import type { AuditAction } from '@parley/contract'
import { type AuditCtx, type AuditSubject, audit } from '../../../platform/audit/index.ts'
import type { ScimCtx } from './scim-ctx.ts'

/** Writes what a directory did to the log of its workspace; who acts is its token. */
export function auditDirectory(
  tx: ScimCtx & AuditCtx,
  action: AuditAction,
  subject: AuditSubject,
  { before, after }: { before?: object; after?: object } = {},
): Promise<void> {
  const by = { kind: 'directory', credentialId: tx.tokenId } as const
  return audit(tx, { action, subject, before, after, workspaces: [tx.workspaceId], by })
}
