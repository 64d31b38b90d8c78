import { type Ctx, inTransaction } from '../../../platform/context.ts'
import { AppError, notFound } from '../../../platform/errors.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { requireGrantable, scopesOfMember } from '../access.ts'
import { announceRevoked } from '../announce-revoked.ts'
import { auditAccount } from '../audit-account.ts'
import { requireRecentProof } from '../proof.ts'
import { factorsResetMail, mailAboutSecurity } from '../security-mails.ts'
import { deleteSessions, findMember } from '../store.ts'
import { deleteFactors, isInOtherWorkspaces } from './store.ts'

/**
 * For somebody who lost all their factors: removes app, passkeys and recovery codes, and ends their sessions. What an admin
 * of one workspace does must not weaken an account in another, so who is in several is refused.
 * @throws AppError proof_required, not_found, forbidden
 */
export async function resetSecondFactor(ctx: Ctx, userId: string): Promise<void> {
  const { actor } = ctx
  const held = await findMember(ctx.db, actor.workspaceId, userId)
  if (held === undefined || held.kind === 'service') throw notFound('person')
  await requireRecentProof(ctx)
  if (userId === actor.userId) {
    throw new AppError('unprocessable', 'Your own factors are under Settings → Security.')
  }
  requireGrantable(ctx, { role: held.role, scopes: scopesOfMember(held) })
  if (await isInOtherWorkspaces(ctx.db, userId, actor.workspaceId)) {
    throw new AppError('forbidden', 'They are in other workspaces, too. Whoever runs this server can do it.')
  }
  await inTransaction(ctx, async (tx) => {
    await deleteFactors(tx.db, userId)
    await deleteSessions(tx.db, userId)
    await mailAboutSecurity(tx, userId, factorsResetMail(tx))
    await auditAccount(tx, userId, { action: 'second-factor.reset' })
    const data = { by: actor.userId }
    await emit(tx, { type: 'second-factor-reset', workspaceId: actor.workspaceId, subjectId: userId, data })
  })
  announceRevoked(ctx, { userId })
}
