import type { Role } from '@parley/contract'
import type { Platform } from '../../../platform/context.ts'
import { AppError } from '../../../platform/errors.ts'
import type { Member } from '../add-person.ts'
import type { SignInProof } from '../sign-in.ts'
import { listMemberships } from './store.ts'

/** What a workspace asks of a sign-in; null where it never said. */
interface Asked {
  role: Role
  ssoOnly: boolean | null
  ssoProviders: string[] | null
}

/**
 * Whether a workspace takes someone with this role who signed in through the provider, or without one (null). Where
 * single sign-on is the only way, owners keep theirs, so that a provider that is broken locks nobody out.
 */
export function isAllowedBy({ config }: Platform, asked: Asked, providerId: string | null): boolean {
  if (asked.ssoOnly !== true) return true
  if (asked.role === 'owner' && config.identity.signIn.ownersKeepPassword) return true
  if (providerId === null) return false
  const accepted = asked.ssoProviders ?? []
  return accepted.length === 0 || accepted.includes(providerId)
}

/**
 * The workspace to begin in: the wanted one, or the one last used that takes people who signed in like this.
 * @throws AppError sso_required when there is none
 */
export async function requireAllowedWorkspace(platform: Platform, wanted: Member, proof: SignInProof): Promise<Member> {
  const onlyId = proof.provider?.onlyWorkspaceId ?? undefined
  const all = await listMemberships(platform.db, wanted.userId)
  const open = all.filter(
    (each) =>
      (onlyId === undefined || each.workspaceId === onlyId) && isAllowedBy(platform, each, proof.provider?.id ?? null),
  )
  const chosen = open.find(({ workspaceId }) => workspaceId === wanted.workspaceId) ?? open[0]
  if (chosen !== undefined) return { userId: wanted.userId, workspaceId: chosen.workspaceId }
  throw new AppError(
    'sso_required',
    'Your workspace takes single sign-on only. Use one of the buttons of the sign-in page in place of the password.',
  )
}
