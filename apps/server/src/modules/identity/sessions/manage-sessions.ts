import type { Session } from '@parley/contract'
import { type Ctx, inTransaction } from '../../../platform/context.ts'
import { notFound } from '../../../platform/errors.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { announceRevoked } from '../announce-revoked.ts'
import { auditAccount } from '../audit-account.ts'
import { deleteSessions, listSessions } from '../store.ts'
import { deviceOf } from './device.ts'
import { kindOfNetwork } from './place.ts'

/** Where the person is signed in, last used first. */
export async function getSessions(ctx: Ctx): Promise<{ data: Session[] }> {
  const rows = await listSessions(ctx.db, ctx.actor.userId, ctx.clock.now())
  return {
    data: rows.map((session) => ({
      id: session.id,
      current: session.id === ctx.actor.credentialId,
      ...deviceOf(session.userAgent),
      address: session.address,
      network: kindOfNetwork(session.address),
      timeZone: session.timeZone,
      secondFactor: session.secondFactorAt !== null,
      createdAt: session.createdAt.toISOString(),
      lastUsedAt: session.lastUsedAt.toISOString(),
      expiresAt: session.expiresAt.toISOString(),
    })),
  }
}

/**
 * Signs out in one place; what is open there ends at once.
 * @throws AppError not_found
 */
export async function revokeSession(ctx: Ctx, id: string): Promise<void> {
  const [revoked] = await revoke(ctx, { id })
  if (revoked === undefined) throw notFound('session')
}

/** Signs out everywhere but here. */
export async function revokeOtherSessions(ctx: Ctx): Promise<{ revoked: number }> {
  return { revoked: (await revoke(ctx, { exceptId: ctx.actor.credentialId })).length }
}

async function revoke(ctx: Ctx, which: { id: string } | { exceptId: string }): Promise<string[]> {
  const { userId, workspaceId } = ctx.actor
  const ids = await inTransaction(ctx, async (tx) => {
    const deleted = await deleteSessions(tx.db, userId, which)
    if (deleted.length > 0) {
      const after = { count: deleted.length, sessionId: deleted[0], reason: 'signed out from elsewhere' }
      await auditAccount(tx, userId, { action: 'session.ended', after })
      await emit(tx, { type: 'sessions-revoked', workspaceId, subjectId: userId, data: { sessionIds: deleted } })
    }
    return deleted
  })
  for (const credentialId of ids) announceRevoked(ctx, { credentialId })
  return ids
}
