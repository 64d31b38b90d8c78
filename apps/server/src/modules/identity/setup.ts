import { z } from 'zod'
import { inTransaction, type Platform } from '../../platform/context.ts'
import { equalSecrets, randomToken } from '../../platform/crypto/index.ts'
import { makeOwner } from './add-person.ts'
import { hashPassword } from './passwords.ts'
import { deleteSetting, findSetting, hasUsers, lockOwnership, saveSetting } from './store.ts'

const settingName = 'setup-token'
const settingSchema = z.object({ sealed: z.string(), madeAt: z.coerce.date() })

// Replicas that start together share one link, whichever of them came first. Sealed and not hashed, so that they can.
const sharedForMs = 60_000

/**
 * At start, while nobody has signed up: makes the owner from PARLEY_ADMIN_EMAIL and PARLEY_ADMIN_PASSWORD, or answers the
 * link by which the first visitor becomes the owner. The link works until it is used. A start more than a minute after the
 * last makes a new link, and the former one stops working. The token is in the fragment, which browsers send to no
 * server, so that it gets into no access log.
 */
export async function ensureSetup(platform: Platform): Promise<{ setupUrl: string | null }> {
  if (await hasUsers(platform.db)) return { setupUrl: null }
  const { adminEmail } = platform.config.identity
  const { adminPassword } = platform.secrets
  if (adminEmail !== undefined && adminPassword !== undefined) {
    await makeAdmin(platform, adminEmail, adminPassword)
    return { setupUrl: null }
  }
  const token = await inTransaction(platform, shareSetupToken)
  return { setupUrl: token === null ? null : `${platform.config.http.publicUrl}/setup#token=${token}` }
}

/** Whether the text is the token of the current set-up link. */
export async function isSetupToken(platform: Platform, text: string | undefined): Promise<boolean> {
  if (text === undefined) return false
  const stored = settingSchema.safeParse(await findSetting(platform.db, settingName))
  return stored.success && equalSecrets(text, platform.keyring.open(stored.data.sealed, settingName))
}

/** The owner is made: no set-up link works any more. */
export function endSetup(tx: Platform): Promise<void> {
  return deleteSetting(tx.db, settingName)
}

async function makeAdmin(platform: Platform, email: string, password: string): Promise<void> {
  const passwordHash = await hashPassword(password)
  await inTransaction(platform, async (tx) => {
    await lockOwnership(tx.db)
    if (await hasUsers(tx.db)) return // another replica was quicker
    await makeOwner(tx, { email: email.toLowerCase(), name: email.split('@')[0] ?? email, passwordHash })
    await endSetup(tx)
  })
}

async function shareSetupToken(tx: Platform): Promise<string | null> {
  await lockOwnership(tx.db)
  if (await hasUsers(tx.db)) return null
  const now = tx.clock.now()
  const stored = settingSchema.safeParse(await findSetting(tx.db, settingName))
  if (stored.success && now.getTime() - stored.data.madeAt.getTime() < sharedForMs) {
    return tx.keyring.open(stored.data.sealed, settingName)
  }
  const token = randomToken()
  await saveSetting(tx.db, settingName, { sealed: tx.keyring.seal(token, settingName), madeAt: now }, now)
  return token
}
