import type { Failure, Interrupt, Part, RunStatus, Usage } from '@parley/contract'
import type { Selectable } from 'kysely'
import { type RawBuilder, sql } from 'kysely'
import type { Ctx, Database, Platform } from '../../platform/context.ts'
import { rankIn, type updating } from '../conversations/index.ts'
import type { RunPreset } from './tables.ts'

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
  preset: RunPreset | null
  previousRunId: string | null
}

/** A run that this process is about to begin, as it will be stored. */
export function makeRun(ctx: Ctx, run: NewRun, owner: string): RunRow {
  const now = ctx.clock.now()
  return {
    ...run,
    workspaceId: ctx.actor.workspaceId,
    userId: ctx.actor.userId,
    apiKeyId: ctx.actor.apiKeyId ?? null,
    status: 'running',
    attempt: 0,
    leaseOwner: owner,
    // Stored by the database's clock.
    leaseUntil: new Date(now.getTime() + ctx.config.chat.leaseMs),
    draft: null,
    savedThrough: 0,
    stopRequestedAt: null,
    interrupts: [],
    usage: null,
    error: null,
    createdAt: now,
    finishedAt: null,
  }
}

export async function insertRun(tx: Ctx, run: RunRow): Promise<void> {
  await sql`with ${insertingRun(tx, run)} select`.execute(tx.db)
}

/** An expression for the `with` of a statement; the run is stored if the expression `onlyIf`, where there is one, has a row. */
function insertingRun(ctx: Ctx, run: RunRow, onlyIf?: string): RawBuilder<unknown> {
  return sql`"run" as (
    insert into "runs" ("id", "workspaceId", "conversationId", "messageId", "userId", "apiKeyId", "model",
      "modelReason", "maxOutputTokens", "preset", "previousRunId", "leaseOwner", "leaseUntil", "createdAt")
    select ${run.id}::uuid, ${run.workspaceId}::uuid, ${run.conversationId}::uuid, ${run.messageId}::uuid,
      ${run.userId}::uuid, ${run.apiKeyId}::uuid, ${run.model}::text, ${run.modelReason}::text, ${run.maxOutputTokens}::integer,
      ${run.preset && JSON.stringify(run.preset)}::jsonb, ${run.previousRunId}::uuid, ${run.leaseOwner}::text, ${leaseEnd(ctx)}, ${run.createdAt}::timestamptz
    ${onlyIf === undefined ? sql`` : sql`from ${sql.id(onlyIf)}`}
  )`
}

/**
 * Stores messages with the run that writes the last of them, in one statement. False where the conversation changed
 * since it was read: then nothing is stored.
 */
export async function insertMessagesAndRun(
  ctx: Ctx,
  adding: RawBuilder<unknown>,
  run: RunRow,
  also: RawBuilder<unknown>[],
): Promise<boolean> {
  const expressions = sql.join([adding, insertingRun(ctx, run, 'changed'), ...also])
  const { rows } = await sql`with ${expressions} select "id" from "changed"`.execute(ctx.db)
  return rows.length > 0
}

/** A run with the run that went on after it, and what the actor may do with its conversation. */
export type FoundRun = RunRow & { nextRunId: string | null; rank: number | null }

/** Who may see it is for access.ts to say. */
export async function findRun(ctx: Ctx, id: string): Promise<FoundRun | undefined> {
  return ctx.db
    .selectFrom('runs')
    .selectAll('runs')
    .select((eb) => [
      eb.selectFrom('runs as next').select('next.id').whereRef('next.previousRunId', '=', 'runs.id').as('nextRunId'),
      rankIn(ctx, 'runs.conversationId').as('rank'),
    ])
    .where('id', '=', id)
    .where('workspaceId', '=', ctx.actor.workspaceId)
    .executeTakeFirst()
}

/** Locks the run until the transaction ends. */
export async function lockRun(tx: Ctx, id: string): Promise<RunRow> {
  return tx.db.selectFrom('runs').selectAll().where('id', '=', id).forUpdate().executeTakeFirstOrThrow()
}

/** What a step committed is told by the message now: the draft goes. False when the lease is lost. */
export function saveProgress(
  ctx: Ctx,
  lease: Lease,
  savedThrough: number,
  usage: Usage | null,
  message: MessageUpdate,
): Promise<boolean> {
  const run = held(ctx, lease).set({ draft: null, savedThrough, usage: usage && JSON.stringify(usage) })
  return saveTogether(ctx, run, message, [])
}

export interface RunEnd {
  status: Exclude<RunStatus, 'running'>
  interrupts: Interrupt[]
  usage: Usage | null
  error: Failure | null
  savedThrough: number
}

/** Ends a run, and tells of it. False when the lease is lost. */
export function endRun(
  ctx: Ctx,
  lease: Lease,
  end: RunEnd,
  message: MessageUpdate,
  telling: RawBuilder<unknown>,
): Promise<boolean> {
  const run = held(ctx, lease).set({
    status: end.status,
    draft: null,
    // The next run goes on with it.
    ...(end.status === 'interrupted' ? {} : { preset: null }),
    savedThrough: end.savedThrough,
    interrupts: JSON.stringify(end.interrupts),
    usage: end.usage && JSON.stringify(end.usage),
    error: end.error && JSON.stringify(end.error),
    finishedAt: ctx.clock.now(),
  })
  return saveTogether(ctx, run, message, [telling])
}

/** How the message of a run changes: `updating` of the module conversations. */
export type MessageUpdate = ReturnType<typeof updating>

/** Run and message change in one statement, and only while the lease is held. */
async function saveTogether(
  ctx: Ctx,
  run: ReturnType<typeof held>,
  message: MessageUpdate,
  also: RawBuilder<unknown>[],
): Promise<boolean> {
  const expressions = sql.join([
    sql`"held" as (${run.returning('id')})`,
    sql`"message" as (${message.where(sql<boolean>`exists (select from "held")`)})`,
    ...also,
  ])
  const { rows } = await sql`with ${expressions} select "id" from "held"`.execute(ctx.db)
  return rows.length > 0
}

/** Ends a run that waits for an answer which will not come. */
export async function endInterruptedRun(tx: Ctx, id: string, status: 'stopped' | 'finished'): Promise<void> {
  await tx.db
    .updateTable('runs')
    .set({ status, preset: null })
    .where('id', '=', id)
    .where('status', '=', 'interrupted')
    .execute()
}

/** Another run goes on from this one: what that one takes from it, it needs to keep no more. */
export async function forgetPreset(tx: Ctx, id: string): Promise<void> {
  await tx.db.updateTable('runs').set({ preset: null }).where('id', '=', id).execute()
}

/** What is being written for a person in a workspace, by any process. */
export function listRunning(
  { db }: Platform,
  { workspaceId, userId }: { workspaceId: string; userId: string },
): Promise<Pick<RunRow, 'id' | 'workspaceId' | 'userId'>[]> {
  return db
    .selectFrom('runs')
    .select(['id', 'workspaceId', 'userId'])
    .where('workspaceId', '=', workspaceId)
    .where('userId', '=', userId)
    .where('status', '=', 'running')
    .execute()
}

export async function requestStop(ctx: Pick<Ctx, 'db' | 'clock'>, id: string): Promise<void> {
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
 * owner is an orphan at once. What runs here (`held`) is none, however late the heartbeat is. `lostDraft` is what the former
 * process had written of the step that is dropped now.
 */
export async function takeOver(
  platform: Platform,
  owner: string,
  held: string[],
  limit: number,
): Promise<(RunRow & { lostDraft: Part[] | null })[]> {
  const orphaned =
    platform.database.kind === 'pglite'
      ? sql<boolean>`("leaseUntil" < now() or "leaseOwner" <> ${owner})`
      : sql<boolean>`"leaseUntil" < now()`
  return platform.db
    .with('orphan', (db) =>
      db
        .selectFrom('runs')
        .select(['id', 'draft'])
        .where('status', '=', 'running')
        .where(orphaned)
        .where(sql<boolean>`"id" <> all(${held}::uuid[])`)
        .orderBy('leaseUntil')
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .updateTable('runs')
    .from('orphan')
    .whereRef('runs.id', '=', 'orphan.id')
    .set((eb) => ({
      leaseOwner: owner,
      leaseUntil: leaseEnd(platform),
      attempt: eb('runs.attempt', '+', 1),
      draft: null,
    }))
    .returningAll('runs')
    .returning('orphan.draft as lostDraft')
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
