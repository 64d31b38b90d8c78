import type { BodyOf, SecondFactorPolicy, secondFactorEndpoints } from '@parley/contract'
import { audit } from '../../../platform/audit/index.ts'
import { type Ctx, inTransaction } from '../../../platform/context.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { announceRevoked } from '../announce-revoked.ts'
import { findPolicy, savePolicy } from './store.ts'

const dayMs = 24 * 60 * 60_000

/** Whether the actor's workspace asks for a second factor. */
export async function getPolicy(ctx: Ctx): Promise<SecondFactorPolicy> {
  const policy = await findPolicy(ctx.db, ctx.actor.workspaceId)
  return policy?.required
    ? { required: true, requiredFrom: policy.requiredFrom.toISOString() }
    : { required: false, requiredFrom: null }
}

/**
 * Has the workspace ask everyone for a second factor, `graceDays` from now, or no more. Who has none by then is led to
 * set one up, and can do nothing else in this workspace. API keys go on: they are no persons.
 */
export async function setPolicy(
  ctx: Ctx,
  { required, graceDays }: BodyOf<typeof secondFactorEndpoints.setSecondFactorPolicy>,
): Promise<SecondFactorPolicy> {
  const { workspaceId, userId } = ctx.actor
  const now = ctx.clock.now()
  const requiredFrom = new Date(now.getTime() + graceDays * dayMs)
  await inTransaction(ctx, async (tx) => {
    const before = await getPolicy(tx)
    await savePolicy(tx.db, { workspaceId, required, requiredFrom, updatedBy: userId }, now)
    const data = { required, requiredFrom: required ? requiredFrom.toISOString() : null }
    await audit(tx, {
      action: 'second-factor-policy.changed',
      subject: { kind: 'workspace', id: workspaceId },
      before,
      after: data,
    })
    await emit(tx, { type: 'second-factor-policy-changed', workspaceId, subjectId: workspaceId, data })
  })
  announceRevoked(ctx, { workspaceId })
  return getPolicy(ctx)
}
