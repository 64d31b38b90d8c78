import { sql } from 'kysely'
import type { Platform } from '../../../platform/context.ts'
import { hashToken } from '../../../platform/crypto/index.ts'
import type { Db } from '../../../platform/database/index.ts'
import { networkOf } from '../../../platform/limits/index.ts'
import { emit } from '../../../platform/outbox/index.ts'
import type { Member } from '../add-person.ts'
import type { Client } from '../client.ts'
import { mailAboutSecurity, newBrowserMail } from '../security-mails.ts'

const keptDays = 400 // as long as browsers keep the cookie

/**
 * Notes that a person signed in with this browser. When they had signed in before, and never with this one, they are told by
 * mail.
 */
export async function noteBrowser(
  tx: Platform,
  { userId, workspaceId }: Member,
  client: Client,
  sessionId: string,
): Promise<void> {
  if (client.browser === undefined) return
  const now = tx.clock.now()
  const old = new Date(now.getTime() - keptDays * 24 * 60 * 60_000)
  await tx.db.deleteFrom('knownBrowsers').where('userId', '=', userId).where('lastSignInAt', '<', old).execute()
  const first = !(await tx.db
    .selectFrom('knownBrowsers')
    .select('userId')
    .where('userId', '=', userId)
    .limit(1)
    .executeTakeFirst())
  const isNew = await remember(tx.db, now, userId, hashToken(client.browser))
  // What has no cookie was given one just now, and may or may not send it the next time.
  const isNewProgram = client.program ? await remember(tx.db, now, userId, programHash(client)) : isNew
  if (first || !isNew || !isNewProgram) return
  await mailAboutSecurity(tx, userId, newBrowserMail(tx, client))
  await emit(tx, { type: 'new-browser-signed-in', workspaceId, subjectId: userId, data: { sessionId } })
}

/** Whether the person with this address signed in with this browser before. One query, whether or not there is such a person. */
export async function isKnownBrowser(db: Db, email: string, { browser }: Client): Promise<boolean> {
  const row = await db
    .selectFrom('knownBrowsers')
    .innerJoin('users', 'users.id', 'knownBrowsers.userId')
    .select('users.id')
    .where('users.email', '=', email)
    .where('browserHash', '=', hashToken(browser ?? ''))
    .executeTakeFirst()
  return row !== undefined
}

/** Notes that this browser is the person's: it has a link that was mailed to them. */
export async function rememberKnownBrowser(db: Db, userId: string, { browser }: Client, now: Date): Promise<void> {
  if (browser !== undefined) await remember(db, now, userId, hashToken(browser))
}

/** Whether it was not known before. */
async function remember(db: Db, now: Date, userId: string, browserHash: string): Promise<boolean> {
  const { inserted } = await db
    .insertInto('knownBrowsers')
    .values({ userId, browserHash, createdAt: now, lastSignInAt: now })
    .onConflict((conflict) => conflict.columns(['userId', 'browserHash']).doUpdateSet({ lastSignInAt: now }))
    .returning(sql<boolean>`xmax = 0`.as('inserted'))
    .executeTakeFirstOrThrow()
  return inserted
}

function programHash({ userAgent, address }: Client): string {
  return hashToken(`program ${userAgent ?? ''} ${networkOf(address)}`)
}
