import { audit } from '../../../platform/audit/index.ts'
import { inTransaction, type Platform } from '../../../platform/context.ts'
import { parseApiKey } from '../../../platform/crypto/index.ts'
import { queueMail } from '../../../platform/mail/index.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { announceRevoked } from '../announce-revoked.ts'
import { keyLeakedMail } from './leak-mail.ts'
import { deleteFormerSecret, findHashes, findKeeper, lockKeyByHash, markRevoked } from './store.ts'

/**
 * Revokes keys that someone holds who should not: whoever has one can do worse with it. A former secret ends alone, the
 * key lives on with its present one. Answers how many of the texts were good keys.
 */
export async function reportLeakedKeys(
  platform: Platform,
  texts: string[],
  source: string | undefined,
): Promise<number> {
  const hashes = texts.map((text) => parseApiKey(text.trim())?.hash).filter((hash) => hash !== undefined)
  let revoked = 0
  // One query for all that are none, whoever sends them.
  for (const hash of await findHashes(platform.db, hashes)) {
    const keyId = await inTransaction(platform, (tx) => endSecret(tx, hash, source))
    if (keyId === undefined) continue
    revoked++
    platform.log.warn({ apiKeyId: keyId, source }, 'An API key was reported as leaked, and revoked.')
    announceRevoked(platform, { credentialId: keyId })
  }
  return revoked
}

async function endSecret(tx: Platform, hash: string, source: string | undefined): Promise<string | undefined> {
  const now = tx.clock.now()
  const key = await lockKeyByHash(tx.db, hash)
  if (key === undefined) return deleteFormerSecret(tx.db, hash, now)
  await markRevoked(tx.db, key.id, now, true)
  await emit(tx, {
    type: 'api-key-leaked',
    workspaceId: key.workspaceId,
    subjectId: key.id,
    data: { source: source ?? null },
  })
  const keeper = await findKeeper(tx.db, key.id)
  await audit(tx, {
    action: 'api-key.leaked',
    subject: { kind: 'api-key', id: key.id, name: keeper?.name },
    after: { source },
    workspaces: [key.workspaceId],
  })
  if (keeper !== undefined) {
    const { name, prefix, kind, ownerName, email } = keeper
    const of = { name, prefix, serviceAccount: kind === 'service' ? ownerName : undefined }
    await queueMail(tx, { address: email }, keyLeakedMail(of, source, tx.config.http.publicUrl))
  }
  return key.id
}
