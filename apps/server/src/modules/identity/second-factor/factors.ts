import type { Ctx } from '../../../platform/context.ts'
import { AppError } from '../../../platform/errors.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { auditAccount } from '../audit-account.ts'
import { factorRemovedMail, mailAboutSecurity } from '../security-mails.ts'
import { makeRecoveryCodes } from './recovery-codes.ts'
import {
  countRecoveryCodes,
  deleteRecoveryCodes,
  isSecondFactorRequired,
  markSecondFactorShown,
  secondFactorsOf,
} from './store.ts'

type Factor = 'totp' | 'passkey'

/** A factor was added in this session, which has thereby shown it. Answers recovery codes, if the person had none. */
export async function factorAdded(tx: Ctx, factor: Factor): Promise<string[] | null> {
  const { userId, workspaceId, credentialId } = tx.actor
  await markSecondFactorShown(tx.db, credentialId, tx.clock.now())
  await auditAccount(tx, userId, { action: 'second-factor.added', after: { factor } })
  await emit(tx, { type: 'second-factor-added', workspaceId, subjectId: userId, data: { factor } })
  return (await countRecoveryCodes(tx.db, userId)) > 0 ? null : makeRecoveryCodes(tx, userId)
}

/**
 * A factor was removed. With the last one the recovery codes go, too.
 * @throws AppError conflict when it was the last one and a workspace of the person asks for one
 */
export async function factorRemoved(tx: Ctx, factor: Factor): Promise<void> {
  const { userId, workspaceId } = tx.actor
  if ((await secondFactorsOf(tx.db, userId)).length === 0) {
    if (await isSecondFactorRequired(tx.db, userId)) {
      throw new AppError(
        'conflict',
        'Your workspace asks for a second factor, and this is your last. Add another first.',
      )
    }
    await deleteRecoveryCodes(tx.db, userId)
  }
  await mailAboutSecurity(tx, userId, factorRemovedMail(tx, factor === 'totp' ? 'authenticator app' : 'passkey'))
  await auditAccount(tx, userId, { action: 'second-factor.removed', before: { factor } })
  await emit(tx, { type: 'second-factor-removed', workspaceId, subjectId: userId, data: { factor } })
}
