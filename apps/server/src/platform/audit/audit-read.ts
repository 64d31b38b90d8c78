import { type Platform, perServer } from '../context.ts'
import { type AuditAct, type AuditCtx, audit } from './audit.ts'

const notedForMs = 60 * 60_000
const mostNoted = 10_000

const noted = perServer(() => new Map<string, number>())

/** Writes that somebody read something; again after an hour, however often they turn a page meanwhile. */
export async function auditRead(ctx: Platform & AuditCtx, act: AuditAct): Promise<void> {
  const known = noted(ctx)
  const now = ctx.clock.now().getTime()
  const key = [act.action, act.subject.id, ctx.actor?.workspaceId, ctx.actor?.credentialId].join(' ')
  if (now - (known.get(key) ?? Number.NEGATIVE_INFINITY) < notedForMs) return
  await audit(ctx, act)
  if (known.size >= mostNoted) known.clear()
  known.set(key, now)
}
