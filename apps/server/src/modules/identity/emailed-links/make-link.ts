import type { Platform } from '../../../platform/context.ts'
import { hashToken, randomToken } from '../../../platform/crypto/index.ts'
import { AppError } from '../../../platform/errors.ts'
import { type MailContent, queueMail } from '../../../platform/mail/index.ts'
import { countLinksTo, insertLink } from './store.ts'
import type { LinkPurpose } from './tables.ts'

const hourMs = 60 * 60 * 1000
const perHour = 5

const kinds: Record<Exclude<LinkPurpose, 'notice'>, { path: string; goodMs: number }> = {
  'sign-up': { path: '/sign-up', goodMs: 24 * hourMs },
  'verify-email': { path: '/confirm-email', goodMs: 24 * hourMs },
  'change-email': { path: '/confirm-email', goodMs: 24 * hourMs },
  'reset-password': { path: '/reset-password', goodMs: hourMs },
}

/**
 * Mails a link that works once; only its hash is stored. The token is in the fragment, which browsers send to no server.
 * No address gets more than five in an hour, whoever asks: answers false then, and earlier links go on working.
 */
export async function mailLink(
  tx: Platform,
  link: { purpose: keyof typeof kinds; email: string; userId?: string; invitationId?: string | null },
  contentOf: (url: string) => MailContent,
): Promise<boolean> {
  const now = tx.clock.now()
  if (await hadEnough(tx, link.email)) return false
  const { path, goodMs } = kinds[link.purpose]
  const token = randomToken()
  const expiresAt = new Date(now.getTime() + goodMs)
  const { purpose, email, userId = null, invitationId = null } = link
  await insertLink(tx.db, { purpose, email, userId, invitationId, tokenHash: hashToken(token), expiresAt }, now)
  const content = contentOf(`${tx.config.http.publicUrl}${path}#token=${token}`)
  await queueMail(tx, { address: email }, content, { usefulUntil: expiresAt })
  return true
}

/** Mails something without a link of its own to whoever has this address; counts like a link. */
export async function mailNotice(tx: Platform, email: string, content: MailContent): Promise<void> {
  if (await hadEnough(tx, email)) return
  const now = tx.clock.now()
  const expiresAt = new Date(now.getTime() + hourMs)
  const tokenHash = hashToken(randomToken())
  await insertLink(tx.db, { purpose: 'notice', email, userId: null, invitationId: null, tokenHash, expiresAt }, now)
  await queueMail(tx, { address: email }, content)
}

export function linkInvalid(): AppError {
  return new AppError('link_invalid', 'The link was used already, or is too old. Ask for a new one.')
}

async function hadEnough(tx: Platform, email: string): Promise<boolean> {
  const since = new Date(tx.clock.now().getTime() - hourMs)
  return (await countLinksTo(tx.db, email, since)) >= perHour
}
