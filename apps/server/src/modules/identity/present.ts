import type { Role, Scope, User } from '@parley/contract'
import { commonScopes, scopesOfMember } from './access.ts'

/** The wire shape of a person in a workspace; `allowed` are the scopes of the credential, default those of the role. */
export function presentUser(
  member: {
    id: string
    email: string
    emailVerifiedAt: Date | null
    name: string
    kind: 'person' | 'service'
    createdAt: Date
    role: Role
    roleId: string | null
    roleName: string | null
    roleScopes: Scope[] | null
    workspaceId: string
    workspaceName: string
  },
  allowed: ReadonlySet<Scope> = scopesOfMember(member),
  needsSecondFactor = false,
): User {
  const { roleId, roleName } = member
  return {
    id: member.id,
    email: member.email,
    emailVerified: member.emailVerifiedAt !== null,
    name: member.name,
    kind: member.kind,
    workspace: {
      id: member.workspaceId,
      name: member.workspaceName,
      role: member.role,
      customRole: roleId === null || roleName === null ? null : { id: roleId, name: roleName },
    },
    scopes: commonScopes(allowed, scopesOfMember(member)),
    ...(needsSecondFactor ? { secondFactorRequired: true as const } : {}),
    createdAt: member.createdAt.toISOString(),
  }
}
