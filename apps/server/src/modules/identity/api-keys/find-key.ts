import type { FastifyRequest } from 'fastify'
import type { Actor, Platform } from '../../../platform/context.ts'
import { AppError, notFound } from '../../../platform/errors.ts'
import type { VerifyingKey } from '../../../platform/signatures/index.ts'
import { commonScopes, scopesOfMember } from '../access.ts'
import { type AddressCheck, addressCheck } from './allowed-addresses.ts'
import { requireSignature } from './require-signature.ts'
import { verifyingKey } from './signing.ts'
import { findByFormerHash, findByHash, touchKey } from './store.ts'

/** What a request needs of itself beside a good key, and when the key was last noted as used. */
export interface KeyUse {
  id: string
  /** Set for a secret that was replaced. */
  formerHash: string | undefined
  isAllowed: AddressCheck | undefined
  signedWith: VerifyingKey | undefined
  /** Milliseconds since 1970. */
  touchedAt: number
}

const touchedEveryMs = 60_000

/**
 * The actor behind a key, by the hash of its present secret or of a former one that is still good.
 * @throws AppError not_found when another workspace than the key's is named
 */
export async function findKey(
  platform: Platform,
  hash: string,
  workspaceId: string | undefined,
): Promise<{ actor: Actor; goodUntil: Date | null; use: KeyUse } | undefined> {
  const { db } = platform
  const now = platform.clock.now()
  const present = await findByHash(db, hash)
  const key = present ?? (await findByFormerHash(db, hash, now))
  if (key === undefined || key.revokedAt !== null || (key.expiresAt !== null && key.expiresAt <= now)) return undefined
  if (workspaceId !== undefined && workspaceId !== key.workspaceId) throw notFound('workspace')
  return {
    actor: {
      kind: 'api-key',
      credentialId: key.id,
      apiKeyId: key.id,
      userId: key.userId,
      workspaceId: key.workspaceId,
      role: key.role,
      // The role may have been lowered since the key was made.
      scopes: new Set(commonScopes(key.scopes, scopesOfMember(key))),
      resources: key.resources,
    },
    goodUntil: key.expiresAt,
    use: {
      id: key.id,
      formerHash: present === undefined ? hash : undefined,
      isAllowed: addressCheck(key.allowedAddresses),
      signedWith: key.signing === null ? undefined : verifyingKey(platform, key.id, key.signing),
      touchedAt: key.lastUsedAt?.getTime() ?? 0,
    },
  }
}

/**
 * Whether this request may be made with a key: from an address it allows, signed where it has to be. Notes the use, once
 * a minute.
 * @throws AppError address_not_allowed, signature_invalid
 */
export async function useKey(platform: Platform, use: KeyUse, request: FastifyRequest): Promise<void> {
  if (use.isAllowed !== undefined && !use.isAllowed(request.ip)) {
    request.log.warn(
      { apiKeyId: use.id, address: request.ip },
      'An API key was used from an address it does not allow.',
    )
    throw new AppError('address_not_allowed', `This API key may not be used from ${request.ip}.`)
  }
  if (use.signedWith !== undefined) await requireSignature(platform, request, use.id, use.signedWith)
  const now = platform.clock.now()
  if (now.getTime() - use.touchedAt < touchedEveryMs) return
  use.touchedAt = now.getTime()
  await touchKey(platform.db, { id: use.id, address: request.ip, formerHash: use.formerHash }, now)
}
