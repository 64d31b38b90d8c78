import type { apiKeyEndpoints, BodyOf, CreatedApiKey } from '@parley/contract'
import { audit } from '../../../platform/audit/index.ts'
import type { Ctx } from '../../../platform/context.ts'
import { makeApiKey } from '../../../platform/crypto/index.ts'
import { AppError } from '../../../platform/errors.ts'
import type { Idempotency } from '../../../platform/http/index.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { administrative } from '../access.ts'
import { announceRevoked } from '../announce-revoked.ts'
import { requireRecentProof } from '../proof.ts'
import { requireNoWider } from './grant.ts'
import { shownCharacters, showOnce } from './make-key.ts'
import { openKey } from './open-key.ts'
import { presentKey } from './present.ts'
import { makeSigning } from './signing.ts'
import { deleteFormerSecrets, insertFormerSecret, updateKey } from './store.ts'

/**
 * Gives a key a new secret, good at once; the old one stays good for `overlapSeconds`, with what it was signed with. With
 * 0 all old secrets end. The key, its limits and what hangs on it stay as they are. A repeat gets the same secret.
 * @throws AppError not_found; forbidden when the key is wider than what the actor has, since the secret is shown;
 * proof_required for administration
 */
export async function rotateApiKey(
  ctx: Ctx,
  id: string,
  body: BodyOf<typeof apiKeyEndpoints.rotateApiKey>,
  idempotency: Idempotency | undefined,
): Promise<CreatedApiKey> {
  const rotated = await showOnce(ctx, idempotency, async (tx) => {
    const now = tx.clock.now()
    const { key: old, owner } = await openKey(tx, id)
    await requireNoWider(tx, old, owner.scopes)
    if (old.scopes.some((scope) => administrative.has(scope))) await requireRecentProof(tx)
    const { overlapSeconds } = body
    if (overlapSeconds === 0) await deleteFormerSecrets(tx.db, id)
    else {
      const goodUntil = new Date(now.getTime() + overlapSeconds * 1000)
      const { hash, prefix, signing, lastUsedAt } = old
      await insertFormerSecret(tx.db, { hash, keyId: id, prefix, signing, goodUntil, lastUsedAt })
    }
    const { key, hash } = makeApiKey()
    const signing = newSigning(tx, old, body.publicKey)
    const row = await updateKey(tx.db, id, {
      hash,
      prefix: key.slice(0, shownCharacters),
      rotatedAt: now,
      ...(signing && { signing: signing.stored }),
    })
    const after = { prefix: row.prefix, overlapSeconds }
    await audit(tx, { action: 'api-key.rotated', subject: { kind: 'api-key', id, name: row.name }, before: old, after })
    await emit(tx, { type: 'api-key-rotated', workspaceId: owner.workspaceId, subjectId: id, data: { overlapSeconds } })
    const apiKey = await presentKey(tx, row, owner.serviceAccountId)
    return { apiKey, secrets: { key, signingSecret: signing?.secret ?? null } }
  })
  announceRevoked(ctx, { credentialId: id })
  return rotated
}

/** A new secret to sign with, or the public key that was given; undefined where nothing changes. */
function newSigning(tx: Ctx, { id, signing }: Awaited<ReturnType<typeof openKey>>['key'], publicKey?: string) {
  if (publicKey !== undefined && signing?.algorithm !== 'ed25519') {
    throw new AppError('invalid_request', 'This key does not sign with ed25519.', {
      fields: [{ pointer: '/publicKey', message: 'There is no use for it.' }],
    })
  }
  if (signing === null || (signing.algorithm === 'ed25519' && publicKey === undefined)) return undefined
  const input =
    publicKey === undefined ? ({ algorithm: 'hmac-sha256' } as const) : ({ algorithm: 'ed25519', publicKey } as const)
  return makeSigning(tx, id, input, '/publicKey')
}
