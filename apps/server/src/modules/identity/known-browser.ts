import { hashToken } from '../../platform/crypto/index.ts'
import type { Db } from '../../platform/database/index.ts'
import type { Client } from './client.ts'
import './tables.ts'

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
  if (browser === undefined) return
  await db
    .insertInto('knownBrowsers')
    .values({ userId, browserHash: hashToken(browser), createdAt: now, lastSignInAt: now })
    .onConflict((conflict) => conflict.columns(['userId', 'browserHash']).doUpdateSet({ lastSignInAt: now }))
    .execute()
}
