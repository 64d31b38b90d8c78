import type { Invitation } from '@parley/contract'
import type { Platform } from '../../../platform/context.ts'
import type { InvitationRow } from './store.ts'

/** Where an invitation leads. The token is in the fragment, which browsers send to no server. */
export function invitationUrl(platform: Platform, { id, sealedToken }: InvitationRow): string {
  return `${platform.config.http.publicUrl}/invitation#token=${platform.keyring.open(sealedToken, sealContext(id))}`
}

export function sealContext(id: string): string {
  return `invitation:${id}`
}

/** Its wire shape. The link of one that was mailed is not shown: it stands for reading the mail of that address. */
export function presentInvitation(
  platform: Platform,
  row: InvitationRow & { inviterName: string | null; roleName: string | null },
): Invitation {
  const state = stateOf(row, platform.clock.now())
  return {
    id: row.id,
    email: row.email,
    role: { id: row.roleId ?? row.role, name: roleName(row) },
    state,
    url: state === 'open' && !row.byMail ? invitationUrl(platform, row) : null,
    uses: row.uses,
    maxUses: row.maxUses,
    invitedBy: row.inviterName,
    createdAt: row.createdAt.toISOString(),
    sentAt: row.sentAt?.toISOString() ?? null,
    expiresAt: row.expiresAt.toISOString(),
  }
}

/** As people call it: `Member`, or the custom role's name. */
export function roleName({ role, roleName }: { role: string; roleName: string | null }): string {
  return roleName ?? role[0]!.toUpperCase() + role.slice(1)
}

function stateOf({ acceptedAt, revokedAt, expiresAt }: InvitationRow, now: Date): Invitation['state'] {
  if (revokedAt !== null) return 'revoked'
  if (acceptedAt !== null) return 'accepted'
  return expiresAt <= now ? 'expired' : 'open'
}
