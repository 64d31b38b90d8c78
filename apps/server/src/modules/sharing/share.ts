import type { Grant, Level, Page, PageQuery, Subject } from '@parley/contract'
import { idSchema } from '@parley/contract'
import { audit } from '../../platform/audit/index.ts'
import { type Ctx, inTransaction } from '../../platform/context.ts'
import { AppError, notFound } from '../../platform/errors.ts'
import { decodeCursor, encodeCursor } from '../../platform/http/index.ts'
import { emit } from '../../platform/outbox/index.ts'
import { describeSubjects, listIdsInGroups } from '../identity/index.ts'
import { levelOf, rankOf } from './access.ts'
import type { ShareableKind } from './kinds.ts'
import { announceShared } from './restrictions.ts'
import * as store from './store.ts'

const maxGrants = 200

/**
 * A page of whom a thing is shared with, oldest first. Everyone who may see the thing may see that.
 * @throws AppError not_found
 */
export async function listGrants(
  ctx: Ctx,
  kind: ShareableKind,
  id: string,
  { limit, cursor }: PageQuery,
): Promise<Page<Grant>> {
  await kind.open(ctx, id, 'view')
  const afterId = cursor === undefined ? undefined : decodeCursor(idSchema, cursor)
  const rows = await store.listGrants(ctx, { kind: kind.kind, id }, { limit: limit + 1, afterId })
  const page = rows.slice(0, limit)
  return {
    data: await presentGrants(ctx, page),
    nextCursor: rows.length > limit ? encodeCursor(page.at(-1)!.id) : null,
  }
}

/**
 * Shares a thing with a person, a group or everyone, or changes the level. Only who manages it may.
 * @throws AppError not_found (the thing, or the subject), forbidden, invalid_request, conflict
 */
export async function share(
  ctx: Ctx,
  kind: ShareableKind,
  id: string,
  { subject, level }: { subject: Subject; level: Level },
): Promise<Grant> {
  const resource = { kind: kind.kind, id }
  const grant = await inTransaction(ctx, async (tx) => {
    const { ownerId } = await kind.open(tx, id, 'manage')
    if (!kind.levels.includes(level)) {
      const message = `Is not a level of this. Use one of: ${kind.levels.join(', ')}.`
      throw new AppError('invalid_request', message, { fields: [{ pointer: '/level', message }] })
    }
    if (subject.kind === 'user' && subject.id === ownerId) {
      throw new AppError('conflict', 'It belongs to this person, who may do everything with it.')
    }
    const columns = columnsOf(subject)
    const known = await describeSubjects(tx, idsOf([columns]))
    if (subject.kind !== 'workspace' && !known.has(subject.id)) throw notFound('person or group')
    if ((await store.countGrants(tx, resource)) >= maxGrants) {
      throw new AppError('conflict', `It can be shared with ${maxGrants} people and groups. Make a group of some.`)
    }
    const row = await store.saveGrant(tx, resource, columns, rankOf(level))
    await kind.onShared?.(tx, id)
    const after = { with: subject.kind, withId: row.userId ?? row.groupId, level }
    await audit(tx, { action: 'grant.saved', subject: resource, after })
    await emit(tx, {
      type: 'grant-saved',
      workspaceId: tx.actor.workspaceId,
      subjectId: row.id,
      data: { resourceKind: kind.kind, resourceId: id, subject, level },
    })
    const [made] = await presentGrants(tx, [row])
    return made!
  })
  await announceTo(ctx, subject)
  return grant
}

/**
 * Takes a grant back, at once: open streams of who may read no more end. People may give up what they were granted
 * themselves; all else is for who manages the thing.
 * @throws AppError not_found, forbidden
 */
export async function unshare(ctx: Ctx, kind: ShareableKind, id: string, grantId: string): Promise<void> {
  const subject = await inTransaction(ctx, async (tx) => {
    await kind.open(tx, id, 'view')
    const row = await store.findGrant(tx, { kind: kind.kind, id }, grantId)
    if (row?.userId !== tx.actor.userId) await kind.open(tx, id, 'manage')
    if (row === undefined) throw notFound('grant')
    await store.deleteGrant(tx, grantId)
    const before = { with: row.subjectKind, withId: row.userId ?? row.groupId, level: levelOf(row.level) }
    await audit(tx, { action: 'grant.deleted', subject: { kind: kind.kind, id }, before })
    await emit(tx, {
      type: 'grant-deleted',
      workspaceId: tx.actor.workspaceId,
      subjectId: grantId,
      data: { resourceKind: kind.kind, resourceId: id, subject: subjectOf(row) },
    })
    return subjectOf(row)
  })
  await announceTo(ctx, subject)
}

/** Ids of everyone a thing is shared with, by name or through a group; `everyone`: with the workspace. */
export async function listGrantees(
  ctx: Ctx,
  kind: ShareableKind['kind'],
  id: string,
): Promise<{ userIds: string[]; everyone: boolean }> {
  const rows = await store.listGrants(ctx, { kind, id }, { limit: maxGrants })
  const { userIds, groupIds } = idsOf(rows)
  return {
    userIds: [...new Set([...userIds, ...(await listIdsInGroups(ctx, groupIds))])],
    everyone: rows.some(({ subjectKind }) => subjectKind === 'workspace'),
  }
}

/** Streams check again, and the windows of those concerned look anew. */
async function announceTo(ctx: Ctx, subject: Subject): Promise<void> {
  announceShared(ctx)
  const change = { type: 'access-changed' }
  if (subject.kind === 'workspace') return ctx.bus.publish(`changes:workspace:${ctx.actor.workspaceId}`, change)
  const concerned = subject.kind === 'user' ? [subject.id] : await listIdsInGroups(ctx, [subject.id])
  for (const userId of new Set([...concerned, ctx.actor.userId])) ctx.bus.publish(`changes:${userId}`, change)
}

async function presentGrants(ctx: Ctx, rows: store.GrantRow[]): Promise<Grant[]> {
  const known = await describeSubjects(ctx, idsOf(rows))
  return rows.map((row) => {
    const subject = subjectOf(row)
    const about = subject.kind === 'workspace' ? undefined : known.get(subject.id)
    return {
      id: row.id,
      subject,
      name: about?.name ?? 'Everyone in the workspace',
      email: about?.email ?? null,
      memberCount: about?.memberCount ?? null,
      level: levelOf(row.level),
      createdAt: row.createdAt.toISOString(),
    }
  })
}

function idsOf(rows: store.SubjectColumns[]): { userIds: string[]; groupIds: string[] } {
  return {
    userIds: rows.flatMap(({ userId }) => (userId === null ? [] : [userId])),
    groupIds: rows.flatMap(({ groupId }) => (groupId === null ? [] : [groupId])),
  }
}

function columnsOf(subject: Subject): store.SubjectColumns {
  return {
    subjectKind: subject.kind,
    userId: subject.kind === 'user' ? subject.id : null,
    groupId: subject.kind === 'group' ? subject.id : null,
  }
}

function subjectOf({ userId, groupId }: store.SubjectColumns): Subject {
  if (userId !== null) return { kind: 'user', id: userId }
  return groupId === null ? { kind: 'workspace' } : { kind: 'group', id: groupId }
}
