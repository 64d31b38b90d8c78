import type { Ctx, Platform } from '../../platform/context.ts'
import { newId } from '../../platform/crypto/index.ts'
import { notFound } from '../../platform/errors.ts'
import { scopesOfMember } from './access.ts'
import { findRole } from './store.ts'

/**
 * A context in which the job named `job` acts for a person, with what that person may do now.
 * @throws AppError not_found when they are not in the workspace any more
 */
export async function systemCtx(
  platform: Platform,
  person: { workspaceId: string; userId: string },
  job: string,
): Promise<Ctx> {
  const { workspaceId, userId } = person
  const held = await findRole(platform.db, workspaceId, userId)
  if (held === undefined) throw notFound('member')
  const { role } = held
  return {
    ...platform,
    actor: { kind: 'system', credentialId: job, userId, workspaceId, role, scopes: scopesOfMember(held) },
    requestId: newId(),
    signal: platform.shutdown,
  }
}
