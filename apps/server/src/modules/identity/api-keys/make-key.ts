import {
  type ApiKey,
  type apiKeyEndpoints,
  type BodyOf,
  type CreatedApiKey,
  type KeyResources,
  resourceKinds,
} from '@parley/contract'
import { audit } from '../../../platform/audit/index.ts'
import type { Ctx } from '../../../platform/context.ts'
import { makeApiKey, newId } from '../../../platform/crypto/index.ts'
import { AppError } from '../../../platform/errors.ts'
import { type Idempotency, once } from '../../../platform/http/index.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { administrative, commonScopes } from '../access.ts'
import { requireRecentProof } from '../proof.ts'
import { isAmong, readAddresses, readExpiry, requireNoWider } from './grant.ts'
import { openOwner } from './open-key.ts'
import { presentKey } from './present.ts'
import { makeSigning } from './signing.ts'
import { type ApiKeyRow, getKey, insertKey } from './store.ts'

/** `mcp_` and 8 digits: tells keys apart, and leaves 208 bits unknown. */
export const shownCharacters = 12

type NewApiKey = BodyOf<typeof apiKeyEndpoints.createApiKey>

/** What is shown once. */
export interface Secrets {
  key: string
  signingSecret: string | null
}

/**
 * Makes a key that may do what is asked for as far as its owner and its maker may do it, by default all but
 * administration. A key made with a key is no wider than that one, and lives no longer. A repeat gets the same key.
 * @throws AppError forbidden when nothing of what is asked for may be given, invalid_request, proof_required for
 * administration
 */
export async function createApiKey(
  ctx: Ctx,
  body: NewApiKey,
  idempotency: Idempotency | undefined,
): Promise<CreatedApiKey> {
  if (body.scopes?.some((scope) => administrative.has(scope))) await requireRecentProof(ctx)
  return showOnce(ctx, idempotency, (tx) => makeAndStore(tx, body))
}

/**
 * Results are stored for repeats, and secrets are stored nowhere in the clear. A repeat with another key than the first
 * request gets nothing: it may be a narrower one.
 */
export async function showOnce(
  ctx: Ctx,
  idempotency: Idempotency | undefined,
  work: (tx: Ctx) => Promise<{ apiKey: ApiKey; secrets: Secrets }>,
): Promise<CreatedApiKey> {
  const madeWith = ctx.actor.apiKeyId ?? null
  const made = await once(ctx, idempotency, async (tx) => {
    const { apiKey, secrets } = await work(tx)
    return { apiKey, madeWith, sealed: tx.keyring.seal(JSON.stringify(secrets), sealContext(apiKey.id)) }
  })
  if (made.madeWith !== madeWith) {
    throw new AppError('idempotency_conflict', 'This Idempotency-Key was used with another credential. Use a new one.')
  }
  const secrets = JSON.parse(ctx.keyring.open(made.sealed, sealContext(made.apiKey.id))) as Secrets
  return { ...made.apiKey, ...secrets }
}

async function makeAndStore(tx: Ctx, body: NewApiKey): Promise<{ apiKey: ApiKey; secrets: Secrets }> {
  const { actor } = tx
  const owner = await openOwner(tx, body.serviceAccountId)
  const used = actor.kind === 'api-key' ? await getKey(tx.db, actor.credentialId) : undefined
  const possible = new Set(commonScopes(actor.scopes, owner.scopes))
  const asked = body.scopes ?? [...possible].filter((scope) => !administrative.has(scope))
  const scopes = commonScopes(asked, possible)
  if (scopes.length === 0) {
    throw new AppError('forbidden', 'You may do none of what this key is asked to allow.')
  }
  const id = newId()
  const signing = body.signing && makeSigning(tx, id, body.signing, '/signing/publicKey')
  const wanted = body.expiresAt === undefined ? null : readExpiry(tx, body.expiresAt)
  const grant = {
    scopes,
    resources: narrowed(body.resources ?? {}, used?.resources ?? {}),
    allowedAddresses: readAddresses(body.allowedAddresses ?? used?.allowedAddresses ?? []),
    signing: signing?.stored ?? null,
    expiresAt: sooner(wanted, used?.expiresAt ?? null),
  }
  await requireNoWider(tx, grant, owner.scopes)
  const { key, hash } = makeApiKey()
  const { workspaceId, userId, serviceAccountId } = owner
  const prefix = key.slice(0, shownCharacters)
  const row: ApiKeyRow = await insertKey(
    tx.db,
    { id, workspaceId, userId, name: body.name, hash, prefix, ...grant },
    tx.clock.now(),
  )
  const subject = { kind: 'api-key', id, name: row.name }
  await audit(tx, { action: 'api-key.created', subject, after: { ...row, serviceAccountId } })
  await emit(tx, {
    type: 'api-key-created',
    workspaceId,
    subjectId: id,
    data: { scopes, serviceAccountId, madeBy: actor.userId },
  })
  const apiKey = await presentKey(tx, row, serviceAccountId)
  return { apiKey, secrets: { key, signingSecret: signing?.secret ?? null } }
}

/** What is asked for, within what the key that is used reaches. */
function narrowed(asked: KeyResources, allowed: KeyResources): KeyResources {
  const resources: KeyResources = { ...allowed, ...asked }
  for (const kind of resourceKinds) {
    const [wanted, limit] = [asked[kind], allowed[kind]]
    if (wanted === undefined || limit === undefined) continue
    resources[kind] = wanted.filter((id) => isAmong(id, limit))
    if (resources[kind].length === 0) {
      throw new AppError('forbidden', 'The key you use reaches none of what the new one is asked to reach.')
    }
  }
  return resources
}

function sooner(a: Date | null, b: Date | null): Date | null {
  if (a === null || b === null) return a ?? b
  return a < b ? a : b
}

function sealContext(id: string): string {
  return `api-key:${id}`
}
