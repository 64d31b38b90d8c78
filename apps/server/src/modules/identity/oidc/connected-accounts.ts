import type { ConnectedAccount, Page, PageQuery, PendingConnection } from '@parley/contract'
import { idSchema } from '@parley/contract'
import type { Selectable } from 'kysely'
import { type Ctx, type Database, inTransaction, type Platform } from '../../../platform/context.ts'
import { hashToken } from '../../../platform/crypto/index.ts'
import { AppError, notFound } from '../../../platform/errors.ts'
import { decodeCursor, encodeCursor } from '../../../platform/http/index.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { auditAccount } from '../audit-account.ts'
import { auditRefused } from '../audit-sign-in.ts'
import type { Client } from '../client.ts'
import { checkPassword } from '../passwords.ts'
import { requireRecentProof } from '../proof.ts'
import type { SignInOutcome } from '../sign-in.ts'
import { forgiveTries, takeTry } from '../sign-in-throttle.ts'
import { getFirstWorkspaceId, getUser, lockUser } from '../store.ts'
import { waysToSignIn } from '../ways-to-sign-in.ts'
import { admit } from './admit.ts'
import { connectTo, enter, pendingIdentity } from './finish-flow.ts'
import { findPending, takePending } from './flow-store.ts'
import { findProvider } from './providers.ts'
import { deleteAccount, findAccount, isElsewhere, listAccounts } from './store.ts'

type AccountRow = Selectable<Database['connectedAccounts']>

/** A page of the accounts by which the actor can sign in, oldest first. */
export async function listConnectedAccounts(ctx: Ctx, { limit, cursor }: PageQuery): Promise<Page<ConnectedAccount>> {
  const rows = await listAccounts(ctx.db, ctx.actor.userId)
  const removable = await spare(ctx, ctx.actor.userId, rows)
  const after = cursor === undefined ? undefined : decodeCursor(idSchema, cursor)
  const rest = after === undefined ? rows : rows.filter(({ id }) => id > after)
  const page = rest.slice(0, limit)
  return {
    data: page.map((row) => presentAccount(row, removable.has(row.id))),
    nextCursor: rest.length > limit ? encodeCursor(page.at(-1)!.id) : null,
  }
}

/**
 * Takes a way to sign in away from the actor.
 * @throws AppError not_found, last_sign_in_method, forbidden, proof_required
 */
export async function disconnectAccount(ctx: Ctx, id: string): Promise<void> {
  const { userId, workspaceId } = ctx.actor
  await requireOwnProof(ctx)
  await inTransaction(ctx, async (tx) => {
    await lockUser(tx.db, userId)
    const rows = await listAccounts(tx.db, userId)
    if (!rows.some((row) => row.id === id)) throw notFound('connected account')
    if (!(await spare(tx, userId, rows)).has(id)) {
      throw new AppError(
        'last_sign_in_method',
        'This is the only way in which you can sign in. Set a password or connect another account first.',
      )
    }
    await deleteAccount(tx.db, userId, id)
    const before = { providerId: rows.find((row) => row.id === id)?.providerId }
    await auditAccount(tx, userId, { action: 'account.disconnected', before })
    await emit(tx, { type: 'account-disconnected', workspaceId, subjectId: userId, data: { accountId: id } })
  })
}

/** Those of a person's accounts without which they could still sign in. */
async function spare(platform: Platform, userId: string, rows: AccountRow[]): Promise<Set<string>> {
  const { password, passkey, connectedAccounts } = await waysToSignIn(platform, userId)
  const others = (row: AccountRow) => connectedAccounts.filter((id) => id !== row.id)
  return new Set(rows.filter((row) => password || passkey || others(row).length > 0).map(({ id }) => id))
}

/** What waits in this browser for the person to say that the existing account is theirs. */
export async function getPendingConnection(
  platform: Platform,
  { browser }: Client,
  signedInId: string | undefined,
): Promise<PendingConnection | null> {
  const found = await findWaiting(platform, browser)
  if (found === undefined) return null
  const { pending, provider } = found
  const { email } = await getUser(platform.db, pending.userId)
  return {
    providerName: provider.name,
    kind: provider.kind,
    email,
    signedIn: signedInId === pending.userId,
    next: pending.next,
  }
}

/**
 * Connects it by the password of the existing account, and signs in. Works also where single sign-on is the only way:
 * that is how people who had a password get there.
 * @throws AppError not_found, invalid_credentials, rate_limited, forbidden
 */
export async function connectWithPassword(
  platform: Platform,
  password: string,
  client: Client,
): Promise<SignInOutcome> {
  const { pending } = await requirePending(platform, client.browser)
  const { email, passwordHash } = await getUser(platform.db, pending.userId)
  await takeTry(platform, client.address, email)
  if (!(await checkPassword(password, passwordHash))) {
    await auditRefused(platform, pending.userId, { method: 'password', reason: 'invalid_credentials' })
    throw new AppError('invalid_credentials', 'That is not the password of this account.', {
      fields: [{ pointer: '/password', message: 'Is wrong.' }],
    })
  }
  forgiveTries(platform, client.address, email)
  const { identity, provider, userId, workspaceId } = await redeemPending(platform, client.browser)
  const wantedId = provider.workspaceId ?? workspaceId ?? (await getFirstWorkspaceId(platform.db))
  await inTransaction(platform, (tx) => connectTo(tx, provider, identity, { userId, workspaceId: wantedId }))
  const member = await admit(platform, provider, identity, userId, wantedId)
  return enter(platform, provider, identity, member, client)
}

/**
 * Connects it with the account that is signed in, if that is the existing one.
 * @throws AppError not_found, forbidden
 */
export async function connectSignedIn(ctx: Ctx, { browser }: Client): Promise<ConnectedAccount> {
  const { pending } = await requirePending(ctx, browser)
  if (pending.userId !== ctx.actor.userId) {
    throw new AppError('forbidden', 'You are signed in with another account than the one that has this address.')
  }
  await requireOwnProof(ctx)
  const { identity, provider, userId } = await redeemPending(ctx, browser)
  const { workspaceId } = ctx.actor
  await inTransaction(ctx, (tx) => connectTo(tx, provider, identity, { userId, workspaceId }))
  const row = await findAccount(ctx.db, identity.issuer, identity.subject)
  if (row === undefined) throw notFound('connected account')
  return presentAccount(row, true)
}

/**
 * A session that a workspace's own provider vouched for is good for that workspace, and not for the ways in which a person
 * signs in to others. Otherwise a recent proof is asked for, as for all that changes how somebody signs in.
 * @throws AppError forbidden, proof_required
 */
export async function requireOwnProof(ctx: Ctx): Promise<void> {
  if (await isElsewhere(ctx.db, ctx.actor)) {
    throw new AppError(
      'forbidden',
      'Your workspace’s own provider signed you in, which counts for this workspace alone. Sign in with your password or another account of yours to change how you sign in.',
    )
  }
  await requireRecentProof(ctx)
}

async function findWaiting(platform: Platform, browser: string | undefined) {
  const now = platform.clock.now()
  const pending = browser === undefined ? undefined : await findPending(platform.db, hashToken(browser), now)
  const provider = pending && (await findProvider(platform, pending.providerId))
  return pending && provider && { pending, provider }
}

async function requirePending(platform: Platform, browser: string | undefined) {
  const found = await findWaiting(platform, browser)
  if (found !== undefined) return found
  throw new AppError('not_found', 'Nothing waits to be connected here, or it waited too long. Begin again.')
}

async function redeemPending(platform: Platform, browser: string | undefined) {
  const { provider } = await requirePending(platform, browser)
  const taken = await takePending(platform.db, hashToken(browser ?? ''), platform.clock.now())
  if (taken === undefined) throw notFound('connection')
  return {
    identity: pendingIdentity(platform, taken),
    provider,
    userId: taken.userId,
    workspaceId: taken.workspaceId,
  }
}

function presentAccount(row: AccountRow, removable: boolean): ConnectedAccount {
  const { id, kind, providerName, issuer, label, createdAt, lastUsedAt } = row
  return {
    id,
    kind,
    providerName,
    issuer,
    label,
    createdAt: createdAt.toISOString(),
    lastUsedAt: lastUsedAt.toISOString(),
    removable,
  }
}
