/** What following a link in a mail does. `notice` leads nowhere: it counts as a mail that was sent. */
export type LinkPurpose = 'sign-up' | 'verify-email' | 'change-email' | 'reset-password' | 'notice'

interface EmailedLinksTable {
  id: string
  purpose: LinkPurpose
  tokenHash: string
  /** Where it was sent: whoever has the token reads the mail of this address. */
  email: string
  /** Whose account; null for people who are to make theirs. */
  userId: string | null
  /** With `sign-up`: the invitation that is accepted with it. */
  invitationId: string | null
  createdAt: Date
  expiresAt: Date
}

declare module '../../../platform/database/schema.ts' {
  interface Database {
    emailedLinks: EmailedLinksTable
  }
}
