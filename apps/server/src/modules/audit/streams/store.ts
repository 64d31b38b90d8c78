import { type Selectable, sql } from 'kysely'
import type { Database, Db } from '../../../platform/database/index.ts'
import '../tables.ts'

export type Stream = Selectable<Database['auditStreams']>
type Target = Stream['target']

export function findStream(db: Db, chain: string, target: Target): Promise<Stream | undefined> {
  return db
    .selectFrom('auditStreams')
    .selectAll()
    .where('chain', '=', chain)
    .where('target', '=', target)
    .executeTakeFirst()
}

/** Begins a stream, in the place of a former one to the same target. */
export async function saveStream(
  db: Db,
  stream: Pick<Stream, 'chain' | 'target' | 'url' | 'sealedSecret' | 'deliveredSequence'> & { now: Date },
): Promise<void> {
  const { now, ...rest } = stream
  // A lease that ended just now: whoever was at the former one does not book for this one.
  const row = { ...rest, leaseUntil: now, attempts: 0, notBefore: now, lastError: null, failingSince: null }
  await db
    .insertInto('auditStreams')
    .values(row)
    .onConflict((conflict) => conflict.columns(['chain', 'target']).doUpdateSet(row))
    .execute()
}

export async function deleteStream(db: Db, chain: string, target: Target): Promise<void> {
  await db.deleteFrom('auditStreams').where('chain', '=', chain).where('target', '=', target).execute()
}

/** Has every chain that is not yet sent to syslog be sent there, from its beginning. */
export async function streamAllToSyslog(db: Db, now: Date): Promise<void> {
  await sql`
    insert into "auditStreams" ("chain", "target", "deliveredSequence", "leaseUntil", "attempts", "notBefore")
    select "chain", 'syslog', coalesce("checkpointSequence", 0), ${now}::timestamptz, 0, ${now}::timestamptz
    from "auditChains" where not exists (
      select from "auditStreams" s where s."chain" = "auditChains"."chain" and s."target" = 'syslog')
    on conflict do nothing`.execute(db)
}

/** Takes a lease on streams that have something to send and are due; of several processes one gets each. */
export async function claimStreams(
  db: Db,
  { targets, most, now, leaseUntil }: { targets: Target[]; most: number; now: Date; leaseUntil: Date },
): Promise<Stream[]> {
  const { rows } = await sql<Stream>`
    update "auditStreams" set "leaseUntil" = ${leaseUntil}::timestamptz
    where ("chain", "target") in (
      select s."chain", s."target" from "auditStreams" s join "auditChains" c on c."chain" = s."chain"
      where c."sequence" > s."deliveredSequence" and s."target" = any(${targets}::text[])
        and s."leaseUntil" <= ${now}::timestamptz and s."notBefore" <= ${now}::timestamptz
      order by s."notBefore" limit ${most} for update of s skip locked)
    returning *`.execute(db)
  return rows
}

/** Books on a stream as long as its lease is this one; answers whether it still was. */
export async function updateLeased(
  db: Db,
  { chain, target, leaseUntil }: Stream,
  change: Partial<Omit<Stream, 'chain' | 'target'>>,
): Promise<boolean> {
  const result = await db
    .updateTable('auditStreams')
    .set(change)
    .where('chain', '=', chain)
    .where('target', '=', target)
    .where('leaseUntil', '=', leaseUntil)
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}
