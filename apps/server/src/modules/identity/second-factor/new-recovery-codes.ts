import { type Ctx, inTransaction } from '../../../platform/context.ts'
import { AppError } from '../../../platform/errors.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { auditAccount } from '../audit-account.ts'
import { requireRecentProof } from '../proof.ts'
import { makeRecoveryCodes } from './recovery-codes.ts'
import { secondFactorsOf } from './store.ts'

/**
 * Makes recovery codes in place of the former ones.
 * @throws AppError proof_required, conflict when there is no factor that they could stand in for
 */
export async function newRecoveryCodes(ctx: Ctx): Promise<{ recoveryCodes: string[] }> {
  await requireRecentProof(ctx)
  const { userId, workspaceId } = ctx.actor
  return inTransaction(ctx, async (tx) => {
    if ((await secondFactorsOf(tx.db, userId)).length === 0) {
      throw new AppError('conflict', 'Recovery codes stand in for a second factor. Set one up first.')
    }
    const recoveryCodes = await makeRecoveryCodes(tx, userId)
    await auditAccount(tx, userId, { action: 'recovery-codes.made' })
    await emit(tx, { type: 'recovery-codes-made', workspaceId, subjectId: userId, data: {} })
    return { recoveryCodes }
  })
}
