import type { Ctx, Platform } from '../../platform/context.ts'
import { newId } from '../../platform/crypto/index.ts'
import { notFound } from '../../platform/errors.ts'
import { commonScopes, scopesOfMember } from './access.ts'
import { findGrant } from './api-keys/store.ts'
import { findRole } from './store.ts'

/**
 * A context in which the job named `job` acts for a person, with what that person may do now; with `apiKeyId` no more
 * than that key may, which began what the job goes on with.
 * @throws AppError not_found when they are not in the workspace any more
 */
export async function systemCtx(
  platform: Platform,
  person: { workspaceId: string; userId: string; apiKeyId?: string | null | undefined },
  job: string,
): Promise<Ctx> {
  const { workspaceId, userId } = person
  const held = await findRole(platform.db, workspaceId, userId)
  if (held === undefined) throw notFound('member')
  const { role } = held
  const apiKeyId = person.apiKeyId ?? undefined
  const key = apiKeyId === undefined ? undefined : await findGrant(platform.db, apiKeyId)
  if (apiKeyId !== undefined && key === undefined) throw notFound('API key')
  const scopes = key === undefined ? scopesOfMember(held) : new Set(commonScopes(key.scopes, scopesOfMember(held)))
  const resources = key?.resources
  return {
    ...platform,
    actor: { kind: 'system', credentialId: job, userId, workspaceId, role, scopes, apiKeyId, resources },
    requestId: newId(),
    signal: platform.shutdown,
  }
}

/** A context in which the job may do nothing for a person but end what had begun: they are out of the workspace. */
export function departedCtx(platform: Platform, person: { workspaceId: string; userId: string }, job: string): Ctx {
  const { workspaceId, userId } = person
  return {
    ...platform,
    actor: { kind: 'system', credentialId: job, userId, workspaceId, role: 'viewer', scopes: new Set() },
    requestId: newId(),
    signal: platform.shutdown,
  }
}
