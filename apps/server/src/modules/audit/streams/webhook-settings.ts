import { randomBytes } from 'node:crypto'
import type { AuditSettings, auditEndpoints, ResponseOf } from '@parley/contract'
import { audit } from '../../../platform/audit/index.ts'
import { type Ctx, inTransaction } from '../../../platform/context.ts'
import { AppError, notFound } from '../../../platform/errors.ts'
import { checkUrl } from '../../../platform/net/index.ts'
import { readSettings } from '../settings.ts'
import { findChain } from '../store.ts'
import * as streams from './store.ts'

const subject = { kind: 'audit-log' }

/**
 * Has every entry from now on sent to an address, in the place of a former one. The secret to verify them with is answered
 * here, and never again.
 * @throws AppError egress_refused
 */
export async function setWebhook(ctx: Ctx, url: string): Promise<ResponseOf<typeof auditEndpoints.setAuditWebhook>> {
  const problem = await checkUrl(ctx.egress, url)
  if (problem !== undefined) {
    throw new AppError('egress_refused', problem, { fields: [{ pointer: '/url', message: problem }] })
  }
  const { workspaceId: chain } = ctx.actor
  const secret = `whsec_${randomBytes(32).toString('base64')}`
  await inTransaction(ctx, async (tx) => {
    const before = await streams.findStream(tx.db, chain, 'webhook')
    const end = await findChain(tx.db, chain)
    await streams.saveStream(tx.db, {
      chain,
      target: 'webhook',
      url,
      sealedSecret: tx.keyring.seal(secret, secretContext(chain)),
      deliveredSequence: end?.sequence ?? 0,
      now: tx.clock.now(),
    })
    const change = { before: { webhookUrl: before?.url ?? null }, after: { webhookUrl: url } }
    await audit(tx, { action: 'audit.settings-changed', subject, ...change })
  })
  return { settings: await readSettings(ctx), secret }
}

/**
 * Sends entries nowhere any more.
 * @throws AppError not_found
 */
export async function dropWebhook(ctx: Ctx): Promise<void> {
  const { workspaceId: chain } = ctx.actor
  await inTransaction(ctx, async (tx) => {
    const before = await streams.findStream(tx.db, chain, 'webhook')
    if (before === undefined) throw notFound('webhook')
    await streams.deleteStream(tx.db, chain, 'webhook')
    const change = { before: { webhookUrl: before.url }, after: { webhookUrl: null } }
    await audit(tx, { action: 'audit.settings-changed', subject, ...change })
  })
}

/** How the webhook of the actor's workspace is doing. */
export async function presentWebhook(ctx: Ctx): Promise<AuditSettings['webhook']> {
  const { workspaceId: chain } = ctx.actor
  const stream = await streams.findStream(ctx.db, chain, 'webhook')
  if (stream === undefined || stream.url === null) return null
  const end = await findChain(ctx.db, chain)
  return {
    url: stream.url,
    deliveredSequence: stream.deliveredSequence,
    lastSequence: end?.sequence ?? 0,
    lastError: stream.lastError,
    failingSince: stream.failingSince?.toISOString() ?? null,
  }
}

/** Binds the secret to its log: it opens nowhere else. */
export function secretContext(chain: string): string {
  return `audit-webhook:${chain}`
}
