import type { ErrorCode, Interrupt, Part, RunStatus, Usage } from '@parley/contract'
import type { Selectable } from 'kysely'
import { sql } from 'kysely'
import type { Ctx, Database, Platform } from '../../platform/context.ts'
import type {} from './tables.ts'

export type RunRow = Selectable<Database['runs']>

/** Which attempt of which run may write: every write of a running run is refused when it is not the newest. */
export interface Lease {
  runId: string
  attempt: number
}

export interface NewRun {
  id: string
  conversationId: string
  messageId: string
  model: string
  modelReason: string
  maxOutputTokens: number | null
  previousRunId: string | null
}

export async function insertRun(tx: Ctx, run: NewRun, owner: string): Promise<RunRow> {
  return tx.db
    .insertInto('runs')
    .values({
      ...run,
      workspaceId: tx.actor.workspaceId,
      userId: tx.actor.userId,
      leaseOwner: owner,
      leaseUntil: leaseEnd(tx),
      createdAt: tx.clock.now(),
      stopRequestedAt: null,
      finishedAt: null,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** The actor's own run, with the run that went on after it. */
export async function findRun(ctx: Ctx, id: string): Promise<(RunRow & { nextRunId: string | null }) | undefined> {
  return ctx.db
    .selectFrom('runs')
    .selectAll('runs')
    .select((eb) =>
      eb.selectFrom('runs as next').select('next.id').whereRef('next.previousRunId', '=', 'runs.id').as('nextRunId'),
    )
    .where('id', '=', id)
    .where('workspaceId', '=', ctx.actor.workspaceId)
    .where('userId', '=', ctx.actor.userId)
    .executeTakeFirst()
}

/** Locks the run until the transaction ends. */
export async function lockRun(tx: Ctx, id: string): Promise<RunRow> {
  return tx.db.selectFrom('runs').selectAll().where('id', '=', id).forUpdate().executeTakeFirstOrThrow()
}

/** What a step committed is told by the message now: the draft goes. False when the lease is lost. */
export async function saveProgress(tx: Ctx, lease: Lease, savedThrough: number, usage: Usage | null): Promise<boolean> {
  const result = await held(tx, lease)
    .set({ draft: null, savedThrough, usage: usage && JSON.stringify(usage) })
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

export interface RunEnd {
  status: Exclude<RunStatus, 'running'>
  interrupts: Interrupt[]
  usage: Usage | null
  error: { code: ErrorCode; message: string } | null
  savedThrough: number
}

/** Ends a run. False when the lease is lost. */
export async function endRun(tx: Ctx, lease: Lease, end: RunEnd): Promise<boolean> {
  const result = await held(tx, lease)
    .set({
      status: end.status,
      draft: null,
      savedThrough: end.savedThrough,
      interrupts: JSON.stringify(end.interrupts),
      usage: end.usage && JSON.stringify(end.usage),
      error: end.error && JSON.stringify(end.error),
      finishedAt: tx.clock.now(),
    })
    .executeTakeFirst()
  return result.numUpdatedRows > 0n
}

/** Ends a run that waits for an answer which will not come. */
export async function endInterruptedRun(tx: Ctx, id: string, status: 'stopped' | 'finished'): Promise<void> {
  await tx.db.updateTable('runs').set({ status }).where('id', '=', id).where('status', '=', 'interrupted').execute()
}

export async function requestStop(ctx: Ctx, id: string): Promise<void> {
  await ctx.db
    .updateTable('runs')
    .set({ stopRequestedAt: ctx.clock.now() })
    .where('id', '=', id)
    .where('status', '=', 'running')
    .execute()
}

export interface Checkpoint extends Lease {
  /** Null: nothing new since the last one. */
  draft: Part[] | null
  savedThrough: number
}

/**
 * Renews the leases of all runs of this process and saves what they wrote since, in one statement. Answers the runs it
 * still holds; the others were taken over, ended or deleted.
 */
export async function heartbeat(
  platform: Platform,
  checkpoints: Checkpoint[],
): Promise<{ id: string; stopRequestedAt: Date | null }[]> {
  const { rows } = await sql<{ id: string; stopRequestedAt: Date | null }>`
    update "runs" r set
      "leaseUntil" = ${leaseEnd(platform)},
      "draft" = coalesce(c."draft"::jsonb, r."draft"),
      "savedThrough" = greatest(r."savedThrough", c."savedThrough")
    from unnest(
      ${checkpoints.map((c) => c.runId)}::uuid[],
      ${checkpoints.map((c) => c.attempt)}::int[],
      ${checkpoints.map((c) => (c.draft ? JSON.stringify(c.draft) : null))}::text[],
      ${checkpoints.map((c) => c.savedThrough)}::bigint[]
    ) as c ("id", "attempt", "draft", "savedThrough")
    where r."id" = c."id" and r."attempt" = c."attempt" and r."status" = 'running'
    returning r."id", r."stopRequestedAt"`.execute(platform.db)
  return rows
}

/**
 * Takes over runs whose lease ran out. An embedded database has one process only, so that there every run of another
 * owner is an orphan at once. What runs here (`held`) is none, however late the heartbeat is.
 */
export async function takeOver(platform: Platform, owner: string, held: string[], limit: number): Promise<RunRow[]> {
  const orphaned =
    platform.database.kind === 'pglite'
      ? sql<boolean>`("leaseUntil" < now() or "leaseOwner" <> ${owner})`
      : sql<boolean>`"leaseUntil" < now()`
  return platform.db
    .updateTable('runs')
    .set((eb) => ({
      leaseOwner: owner,
      leaseUntil: leaseEnd(platform),
      attempt: eb('attempt', '+', 1),
      draft: null,
    }))
    .where('id', 'in', (eb) =>
      eb
        .selectFrom('runs')
        .select('id')
        .where('status', '=', 'running')
        .where(orphaned)
        .where(sql<boolean>`"id" <> all(${held}::uuid[])`)
        .orderBy('leaseUntil')
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .returningAll()
    .execute()
}

/** Lets go of runs so that another process takes them over at once. */
export async function releaseLeases(platform: Platform, owner: string): Promise<void> {
  await platform.db
    .updateTable('runs')
    .set({ leaseUntil: sql<Date>`now() - interval '1 second'` })
    .where('leaseOwner', '=', owner)
    .where('status', '=', 'running')
    .execute()
}

function held(tx: Ctx, lease: Lease) {
  return tx.db
    .updateTable('runs')
    .where('id', '=', lease.runId)
    .where('attempt', '=', lease.attempt)
    .where('status', '=', 'running')
}

/** By the database's clock, the one that all replicas share; by its hands, not by the transaction's beginning. */
function leaseEnd(platform: Platform) {
  return sql<Date>`clock_timestamp() + make_interval(secs => ${platform.config.chat.leaseMs / 1000})`
}
