import type { Role } from '@parley/contract'
import { audit } from '../../platform/audit/index.ts'
import type { Platform } from '../../platform/context.ts'
import { AppError } from '../../platform/errors.ts'
import { emit } from '../../platform/outbox/index.ts'
import { getFirstWorkspaceId, insertMembership, insertUser, insertWorkspace, type NewUser } from './store.ts'

/** A person in a workspace. */
export interface Member {
  userId: string
  workspaceId: string
}

/** Makes a person the owner of a workspace of their own. */
export async function makeOwner(tx: Platform, person: NewUser, workspaceName?: string): Promise<Member> {
  const name = workspaceName ?? `${person.name}'s workspace`
  const workspaceId = await insertWorkspace(tx.db, name, tx.clock.now())
  const member = await addPerson(tx, person, workspaceId, { role: 'owner' })
  await audit(tx, {
    action: 'workspace.created',
    subject: { kind: 'workspace', id: workspaceId, name },
    after: { name },
    workspaces: [workspaceId],
    actorId: member.userId,
  })
  return member
}

/** Makes a person a member of the first workspace. */
export async function makeMember(tx: Platform, person: NewUser): Promise<Member> {
  return addPerson(tx, person, await getFirstWorkspaceId(tx.db), { role: 'member' })
}

/**
 * Makes an account that is in no workspace yet.
 * @throws AppError email_taken
 */
export async function insertPerson(tx: Platform, person: NewUser): Promise<string> {
  const userId = await insertUser(tx.db, person, tx.clock.now())
  if (userId === undefined) {
    throw new AppError('email_taken', 'Someone has signed up with this email address already. Sign in instead.', {
      fields: [{ pointer: '/email', message: 'Is taken.' }],
    })
  }
  return userId
}

/**
 * Makes a person a member of a workspace, with a built-in role or a custom one; `managedBy` is the identity provider by
 * whose word.
 * @throws AppError email_taken
 */
export async function addPerson(
  tx: Platform,
  person: NewUser,
  workspaceId: string,
  membership: { role: Role; roleId?: string | null; managedBy?: string | null },
): Promise<Member> {
  const userId = await insertPerson(tx, person)
  await insertMembership(tx.db, { workspaceId, userId, ...membership }, tx.clock.now())
  const { role, roleId = null, managedBy = null } = membership
  await audit(tx, {
    action: 'member.added',
    subject: { kind: 'person', id: userId },
    after: { role, roleId, by: managedBy === null ? 'signing up' : `sign-in provider ${managedBy}` },
    workspaces: [workspaceId],
    actorId: userId,
  })
  await emit(tx, { type: 'user-registered', workspaceId, subjectId: userId, data: { role: membership.role } })
  return { userId, workspaceId }
}
