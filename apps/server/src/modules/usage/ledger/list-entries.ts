import type { UsageEntry } from '@parley/contract'
import { type Selectable, sql } from 'kysely'
import { z } from 'zod'
import type { Ctx } from '../../../platform/context.ts'
import { decodeCursor, encodeCursor } from '../../../platform/http/index.ts'
import { namesOfApiKeys, namesOfPeople } from '../../identity/index.ts'
import { rulesOf } from '../rules.ts'
import type { UsageEntriesTable } from '../tables.ts'
import { entriesWhere, type Filters } from './filters.ts'

type Row = Selectable<UsageEntriesTable>
/** An entry with the address of the person, for files that leave Parley. */
export type NamedEntry = UsageEntry & { userEmail: string | null }

const cursorSchema = z.tuple([z.iso.datetime(), z.uuid()])

/** Entries, newest first. */
export async function listEntries(
  ctx: Ctx,
  filters: Filters,
  page: { limit: number; cursor?: string | undefined },
): Promise<{ data: UsageEntry[]; nextCursor: string | null }> {
  const before = page.cursor === undefined ? undefined : decodeCursor(cursorSchema, page.cursor)
  const rows = await readEntries(ctx, filters, { limit: page.limit + 1, newestFirst: true, from: before })
  const more = rows.length > page.limit
  if (more) rows.pop()
  const last = rows.at(-1)
  return {
    data: (await nameEntries(ctx, rows)).map(({ userEmail: _, ...entry }) => entry),
    nextCursor: more && last ? encodeCursor([last.createdAt.toISOString(), last.id]) : null,
  }
}

const entriesAtOnce = 1_000

/** All entries, oldest first, as they are read: however many there are, only a few are in memory. */
export async function* allEntries(ctx: Ctx, filters: Filters): AsyncGenerator<NamedEntry[]> {
  let after: [string, string] | undefined
  for (;;) {
    ctx.signal.throwIfAborted()
    const rows = await readEntries(ctx, filters, { limit: entriesAtOnce, newestFirst: false, from: after })
    if (rows.length > 0) yield await nameEntries(ctx, rows)
    const last = rows.at(-1)
    if (rows.length < entriesAtOnce || !last) return
    after = [last.createdAt.toISOString(), last.id]
  }
}

async function readEntries(
  ctx: Ctx,
  filters: Filters,
  page: { limit: number; newestFirst: boolean; from?: [string, string] | undefined },
): Promise<Row[]> {
  const { timeZone } = await rulesOf(ctx)
  const { newestFirst, limit, from } = page
  let query = ctx.db
    .selectFrom('usageEntries')
    .selectAll()
    .where(entriesWhere(ctx, timeZone, filters))
    .limit(limit)
  if (from) {
    const [at, id] = from
    query = query.where(
      sql<boolean>`("createdAt", "id") ${newestFirst ? sql`<` : sql`>`} (${at}::timestamptz, ${id}::uuid)`,
    )
  }
  const order = newestFirst ? 'desc' : 'asc'
  return query.orderBy('createdAt', order).orderBy('id', order).execute()
}

async function nameEntries(ctx: Ctx, rows: Row[]): Promise<NamedEntry[]> {
  const distinct = (ids: (string | null)[]) => [...new Set(ids.flatMap((id) => id ?? []))]
  const [people, keys] = await Promise.all([
    namesOfPeople(ctx, distinct(rows.map(({ userId }) => userId))),
    namesOfApiKeys(ctx, distinct(rows.map(({ apiKeyId }) => apiKeyId))),
  ])
  return rows.map(({ createdAt, userId, apiKeyId, callKey: _, workspaceId: __, rolledUp: ___, ...rest }) => ({
    ...rest,
    createdAt: createdAt.toISOString(),
    userId,
    userName: people.get(userId)?.name ?? null,
    userEmail: people.get(userId)?.email ?? null,
    apiKeyId,
    apiKeyName: apiKeyId === null ? null : (keys.get(apiKeyId) ?? null),
  }))
}
