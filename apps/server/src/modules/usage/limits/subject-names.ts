import type { LimitSubject } from '@parley/contract'
import type { Ctx } from '../../../platform/context.ts'
import { isId } from '../../../platform/crypto/index.ts'
import { describeSubjects, namesOfApiKeys } from '../../identity/index.ts'

/** Names of what limits are set for. */
export interface SubjectNames {
  /** Null for who or what is not, or no longer, of the workspace. */
  get(subject: LimitSubject): string | null
}

/** Looks up the names of these within the actor's workspace. */
export async function findSubjectNames(ctx: Ctx, subjects: readonly LimitSubject[]): Promise<SubjectNames> {
  const ids = (kind: LimitSubject['kind']) =>
    subjects.filter((subject) => subject.kind === kind && isId(subject.id)).map(({ id }) => id)
  const [peopleAndGroups, keys] = await Promise.all([
    describeSubjects(ctx, { userIds: ids('user'), groupIds: ids('group') }),
    namesOfApiKeys(ctx, ids('key')),
  ])
  return {
    get({ kind, id }) {
      switch (kind) {
        case 'workspace':
          return id === ctx.actor.workspaceId ? 'The workspace' : null
        case 'user':
        case 'group':
          return peopleAndGroups.get(id)?.name ?? null
        case 'key':
          return keys.get(id) ?? null
        case 'model':
          return id
      }
    },
  }
}
