import type { SealedAuditEntry } from '@parley/contract'
import { type Expression, type Selectable, type SqlBool, sql } from 'kysely'
import type { Database, Db } from '../../platform/database/index.ts'
import './tables.ts'

export type EntryRow = Selectable<Database['auditEntries']>

/** Which entries of a chain. */
export interface EntryFilters {
  chain: string
  action?: string | undefined
  actorId?: string | undefined
  subjectId?: string | undefined
  outcome?: string | undefined
  from?: string | undefined
  to?: string | undefined
}

/** Entries of a chain in the order of their numbers, or newest first. */
export function listEntries(
  db: Db,
  filters: EntryFilters,
  page: { limit: number; newestFirst?: boolean; after?: number | undefined },
): Promise<EntryRow[]> {
  const { limit, newestFirst = false, after } = page
  let query = db.selectFrom('auditEntries').selectAll().where('chain', '=', filters.chain).limit(limit)
  if (after !== undefined) query = query.where('sequence', newestFirst ? '<' : '>', after)
  if (filters.action !== undefined) query = query.where('action', '=', filters.action)
  if (filters.outcome !== undefined) query = query.where('outcome', '=', filters.outcome as EntryRow['outcome'])
  if (filters.subjectId !== undefined) query = query.where('subjectId', '=', filters.subjectId)
  const { actorId } = filters
  if (actorId !== undefined) {
    query = query.where((row) => row.or([row('actorId', '=', actorId), row('credentialId', '=', actorId)]))
  }
  for (const part of timesOf(filters)) query = query.where(part)
  return query.orderBy('sequence', newestFirst ? 'desc' : 'asc').execute()
}

function timesOf({ from, to }: EntryFilters): Expression<SqlBool>[] {
  return [
    ...(from === undefined ? [] : [sql<boolean>`"at" >= ${from}::timestamptz`]),
    ...(to === undefined ? [] : [sql<boolean>`"at" <= ${to}::timestamptz`]),
  ]
}

/** Numbers of the first and last entry between two times; the clocks of several servers may differ a little. */
export function findRange(db: Db, filters: EntryFilters) {
  let query = db
    .selectFrom('auditEntries')
    .select((row) => [
      row.fn.min<number | null>('sequence').as('first'),
      row.fn.max<number | null>('sequence').as('last'),
    ])
    .where('chain', '=', filters.chain)
  for (const part of timesOf(filters)) query = query.where(part)
  return query.executeTakeFirstOrThrow()
}

/** Where a chain begins and ends; undefined before its first entry. */
export function findChain(db: Db, chain: string) {
  return db.selectFrom('auditChains').selectAll().where('chain', '=', chain).executeTakeFirst()
}

/** Every chain that has an end or an entry. */
export async function listChains(db: Db): Promise<string[]> {
  const { rows } = await sql<{ chain: string }>`
    select "chain" from "auditChains" union select distinct "chain" from "auditEntries" order by "chain"`.execute(db)
  return rows.map(({ chain }) => chain)
}

/** An entry as it is exported and verified. */
export function sealedEntry({ at, ...row }: EntryRow): SealedAuditEntry {
  return { ...row, at: at.toISOString() }
}

export function findSettings(db: Db, workspaceId: string) {
  return db.selectFrom('auditSettings').selectAll().where('workspaceId', '=', workspaceId).executeTakeFirst()
}

export async function saveSettings(db: Db, workspaceId: string, retentionDays: number, now: Date): Promise<void> {
  await db
    .insertInto('auditSettings')
    .values({ workspaceId, retentionDays, updatedAt: now })
    .onConflict((conflict) => conflict.column('workspaceId').doUpdateSet({ retentionDays, updatedAt: now }))
    .execute()
}
