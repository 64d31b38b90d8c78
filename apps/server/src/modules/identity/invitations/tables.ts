import type { Role } from '@parley/contract'
import type { Generated } from 'kysely'

interface InvitationsTable {
  id: string
  workspaceId: string
  /** Whom it is for; null for a link that anyone may use. */
  email: string | null
  role: Role
  /** The custom role, with `viewer` as `role`; null for a built-in one. */
  roleId: string | null
  tokenHash: string
  /** To send it again, and to show a link to those who may invite. */
  sealedToken: string
  /** The token went to `email` and to nobody else: whoever has it reads the mail of that address. */
  byMail: boolean
  /** How many people may come by it. */
  maxUses: number
  uses: Generated<number>
  invitedBy: string | null
  createdAt: Date
  sentAt: Date | null
  expiresAt: Date
  /** When the last of its uses was made. */
  acceptedAt: Date | null
  revokedAt: Date | null
}

declare module '../../../platform/database/schema.ts' {
  interface Database {
    invitations: InvitationsTable
  }
}
