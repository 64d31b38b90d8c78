import type { BodyOf, Provisioning, provisioningEndpoints, ScimToken, ScimTokenWithSecret } from '@parley/contract'
import { audit } from '../../../platform/audit/index.ts'
import { type Ctx, inTransaction, type Platform } from '../../../platform/context.ts'
import { hashToken, newId, randomToken } from '../../../platform/crypto/index.ts'
import { AppError, notFound } from '../../../platform/errors.ts'
import { type Idempotency, once } from '../../../platform/http/index.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { type ScimCtx, scimUrl } from './scim-ctx.ts'
import {
  findTokenByHash,
  insertToken,
  listTokens,
  lockToken,
  markTokenRevoked,
  replaceToken,
  type TokenRow,
  touchToken,
} from './token-store.ts'
import { countPeople } from './user-store.ts'

const mostTokens = 10
const shownCharacters = 9 // `scim_` and four more
const touchedEveryMs = 60_000
const hourMs = 60 * 60_000

/** What the workspace's administrators see of provisioning. */
export async function getProvisioning(ctx: Ctx): Promise<Provisioning> {
  const { workspaceId } = ctx.actor
  const [tokens, people] = await Promise.all([listTokens(ctx.db, workspaceId), countPeople(ctx.db, workspaceId)])
  return { baseUrl: scimUrl(ctx.config), tokens: tokens.map((row) => present(row, ctx.clock.now())), people }
}

/**
 * Makes a token for a directory. What it can give to people is bounded by what its maker may do now.
 * @throws AppError forbidden, conflict when there are too many
 */
export async function createScimToken(
  ctx: Ctx,
  { name }: BodyOf<typeof provisioningEndpoints.createScimToken>,
  idempotency: Idempotency | undefined,
): Promise<ScimTokenWithSecret> {
  requirePerson(ctx)
  const { workspaceId, userId, role, scopes } = ctx.actor
  return shownOnce(ctx, idempotency, async (tx, { hash, prefix }) => {
    const id = newId()
    if ((await listTokens(tx.db, workspaceId)).length >= mostTokens) {
      throw new AppError('conflict', `A workspace can have ${mostTokens} of these tokens. Revoke one first.`)
    }
    const maker = { makerRole: role, makerScopes: [...scopes], createdBy: userId }
    await insertToken(tx.db, { id, workspaceId, name, hash, prefix, ...maker }, tx.clock.now())
    await audit(tx, {
      action: 'scim-token.created',
      subject: { kind: 'scim-token', id, name },
      after: { name, prefix },
    })
    await emit(tx, { type: 'scim-token-created', workspaceId, subjectId: id, data: { userId } })
    return id
  })
}

/**
 * Gives a token another secret; the old one goes on for `overlapHours`, so that nothing fails until the directory has it.
 * @throws AppError not_found, forbidden
 */
export async function rotateScimToken(
  ctx: Ctx,
  id: string,
  { overlapHours }: BodyOf<typeof provisioningEndpoints.rotateScimToken>,
  idempotency: Idempotency | undefined,
): Promise<ScimTokenWithSecret> {
  requirePerson(ctx)
  const { workspaceId, userId, role, scopes } = ctx.actor
  return shownOnce(ctx, idempotency, async (tx, { hash, prefix }) => {
    const now = tx.clock.now()
    const token = await lockToken(tx.db, workspaceId, id)
    if (token === undefined) throw notFound('token')
    const next = {
      hash,
      prefix,
      previousHash: overlapHours === 0 ? null : token.hash,
      previousUntil: overlapHours === 0 ? null : new Date(now.getTime() + overlapHours * hourMs),
      makerRole: role,
      makerScopes: [...scopes],
      createdBy: userId,
    }
    await replaceToken(tx.db, id, next, now)
    await audit(tx, {
      action: 'scim-token.rotated',
      subject: { kind: 'scim-token', id, name: token.name },
      after: { prefix, overlapHours },
    })
    await emit(tx, { type: 'scim-token-rotated', workspaceId, subjectId: id, data: { userId, overlapHours } })
    return id
  })
}

/**
 * Revokes a token; the directory is refused from now on.
 * @throws AppError not_found
 */
export async function revokeScimToken(ctx: Ctx, id: string): Promise<void> {
  const { workspaceId, userId } = ctx.actor
  await inTransaction(ctx, async (tx) => {
    const before = await lockToken(tx.db, workspaceId, id)
    if (before === undefined) throw notFound('token')
    await audit(tx, { action: 'scim-token.revoked', subject: { kind: 'scim-token', id, name: before.name }, before })
    await markTokenRevoked(tx.db, id, tx.clock.now())
    await emit(tx, { type: 'scim-token-revoked', workspaceId, subjectId: id, data: { userId } })
  })
}

/** What a bearer token of a directory stands for; undefined for every other credential. */
export async function authenticateDirectory(
  platform: Platform,
  authorization: string | undefined,
): Promise<Omit<ScimCtx, keyof Platform | 'requestId' | 'caller'> | undefined> {
  const token = /^Bearer +(scim_[\w-]{43})$/i.exec(authorization ?? '')?.[1]
  if (token === undefined) return undefined
  const now = platform.clock.now()
  const row = await findTokenByHash(platform.db, hashToken(token), now)
  if (row === undefined) return undefined
  if (row.lastUsedAt === null || now.getTime() - row.lastUsedAt.getTime() >= touchedEveryMs) {
    await touchToken(platform.db, row.id, now)
  }
  const { id: tokenId, workspaceId, makerRole, makerScopes } = row
  return { tokenId, workspaceId, makerRole, makerScopes: new Set(makerScopes) }
}

/** Makes and stores a secret; a repeated request is shown the same one. Results are stored sealed, secrets not in the clear. */
async function shownOnce(
  ctx: Ctx,
  idempotency: Idempotency | undefined,
  store: (tx: Ctx, secret: { hash: string; prefix: string }) => Promise<string>,
): Promise<ScimTokenWithSecret> {
  const made = await once(ctx, idempotency, async (tx) => {
    const token = `scim_${randomToken()}`
    const id = await store(tx, { hash: hashToken(token), prefix: token.slice(0, shownCharacters) })
    const rows = await listTokens(tx.db, tx.actor.workspaceId)
    const shown = present(rows.find((row) => row.id === id)!, tx.clock.now())
    return { shown, sealed: tx.keyring.seal(token, sealContext(id)) }
  })
  return { ...made.shown, token: ctx.keyring.open(made.sealed, sealContext(made.shown.id)) }
}

function sealContext(id: string): string {
  return `scim-token ${id}`
}

/** A key could otherwise make itself a credential that has none of its own bounds. */
function requirePerson({ actor }: Ctx): void {
  if (actor.kind !== 'session') {
    throw new AppError('forbidden', 'This needs a signed-in person; an API key is not enough.')
  }
  if (!actor.scopes.has('people:manage')) {
    throw new AppError('forbidden', 'Your role does not include people:manage, which a directory needs.')
  }
}

function present({ previousUntil, createdAt, rotatedAt, lastUsedAt, ...row }: TokenRow, now: Date): ScimToken {
  return {
    ...row,
    previousUntil: previousUntil !== null && previousUntil > now ? previousUntil.toISOString() : null,
    createdAt: createdAt.toISOString(),
    rotatedAt: rotatedAt?.toISOString() ?? null,
    lastUsedAt: lastUsedAt?.toISOString() ?? null,
  }
}
