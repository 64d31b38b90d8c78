import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ErrorCode } from '@parley/contract'
import type { FastifyRequest } from 'fastify'
import { type RawBuilder, sql } from 'kysely'
import { type Ctx, inTransaction, type Platform } from '../context.ts'
import type { Migration } from '../database/index.ts'
import { AppError } from '../errors.ts'
import type {} from './tables.ts'

/** The caller's key for a request, and a hash of what the request asks for. */
export interface Idempotency {
  key: string
  fingerprint: string
}

export const migrations: Migration[] = [
  {
    name: 'http-0001',
    up: `
      create table "idempotencyKeys" (
        "workspaceId" uuid not null,
        "userId" uuid not null,
        "key" text not null,
        "fingerprint" text not null,
        "state" text not null,
        "result" jsonb,
        "createdAt" timestamptz not null,
        primary key ("workspaceId", "userId", "key")
      );
      create index "idempotencyKeys_age" on "idempotencyKeys" ("createdAt");
    `,
  },
]

const waitMs = 30_000
const lookAgainMs = 100
const keptMs = 24 * 3600_000

/** The `Idempotency-Key` of a request, if it has one. */
export function idempotencyOf(request: FastifyRequest): Idempotency | undefined {
  const key = request.headers['idempotency-key']
  if (key === undefined) return undefined
  if (typeof key !== 'string' || !/^[\x21-\x7e]{1,255}$/.test(key)) {
    throw new AppError('invalid_request', 'Idempotency-Key has to be 1 to 255 visible ASCII characters.')
  }
  // A form is read by whoever takes it, who says what was in it: `withContent`.
  const body = request.body instanceof Readable ? null : (request.body ?? null)
  return { key, fingerprint: hashOf([request.method, request.url, body]) }
}

/** The key of a request whose body was read later; `content` tells it from others, and is the same when it is repeated. */
export function withContent({ key, fingerprint }: Idempotency, content: unknown): Idempotency {
  return { key, fingerprint: hashOf([fingerprint, content]) }
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex')
}

/**
 * Runs `work` in one transaction. With a key, its result (JSON) is stored in the same transaction, and every repeat of
 * the request gets that; one that comes meanwhile waits for it. The same key for another request is refused.
 */
export async function once<T>(
  ctx: Ctx,
  idempotency: Idempotency | undefined,
  work: (tx: Ctx) => Promise<T>,
): Promise<T> {
  if (!idempotency) return inTransaction(ctx, work)
  return inTransaction(ctx, async (tx) => {
    // Of two at once, the second insert waits for the first one's transaction.
    if (!(await claim(tx, idempotency))) return resultOf<T>(await find(tx, idempotency), idempotency)
    const result = await work(tx)
    await settle(tx, idempotency, 'done', result)
    return result
  })
}

/**
 * The same for work that is one statement: an expression for its `with` that stores the key with the result, if the
 * expression `onlyIf` has a row. Where the key is known already, the statement fails as a whole (`isRepeat`); then `once`
 * finds out what to answer.
 */
export function claiming(
  ctx: Ctx,
  { key, fingerprint }: Idempotency,
  result: unknown,
  onlyIf: string,
): RawBuilder<unknown> {
  const { workspaceId, userId } = ctx.actor
  return sql`"claimed" as (
    insert into "idempotencyKeys" ("workspaceId", "userId", "key", "fingerprint", "state", "result", "createdAt")
    select ${workspaceId}::uuid, ${userId}::uuid, ${key}::text, ${fingerprint}::text, 'done',
      ${JSON.stringify(result)}::jsonb, ${ctx.clock.now()}::timestamptz
    from ${sql.id(onlyIf)}
  )`
}

/** Whether a statement with `claiming` failed because its key is known. */
export function isRepeat(error: unknown): boolean {
  const { code, constraint } = error as { code?: string; constraint?: string }
  return code === '23505' && constraint === 'idempotencyKeys_pkey'
}

/**
 * The same for work that leaves the process and cannot be undone: the key is claimed first, and the outcome, failure
 * included, stored after. A repeat after the process died in between is refused: nobody knows whether it happened.
 */
export async function onceAround<T>(
  ctx: Ctx,
  idempotency: Idempotency | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (!idempotency) return work()
  if (!(await claim(ctx, idempotency))) return resultOf<T>(await waitForOutcome(ctx, idempotency), idempotency)
  let result: T
  try {
    result = await work()
  } catch (error) {
    if (error instanceof AppError)
      await settle(ctx, idempotency, 'failed', { code: error.code, message: error.message })
    throw error
  }
  await settle(ctx, idempotency, 'done', result)
  return result
}

/** Forgets keys older than a day. */
export async function pruneIdempotencyKeys(platform: Platform): Promise<void> {
  const before = new Date(platform.clock.now().getTime() - keptMs)
  await platform.db.deleteFrom('idempotencyKeys').where('createdAt', '<', before).execute()
}

type Row = { fingerprint: string; state: 'running' | 'done' | 'failed'; result: unknown }

async function claim(ctx: Ctx, { key, fingerprint }: Idempotency): Promise<boolean> {
  const row = await ctx.db
    .insertInto('idempotencyKeys')
    .values({
      workspaceId: ctx.actor.workspaceId,
      userId: ctx.actor.userId,
      key,
      fingerprint,
      state: 'running',
      result: null,
      createdAt: ctx.clock.now(),
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('key')
    .executeTakeFirst()
  return row !== undefined
}

async function settle(ctx: Ctx, { key }: Idempotency, state: 'done' | 'failed', result: unknown): Promise<void> {
  await ctx.db
    .updateTable('idempotencyKeys')
    .set({ state, result: JSON.stringify(result ?? null) })
    .where('workspaceId', '=', ctx.actor.workspaceId)
    .where('userId', '=', ctx.actor.userId)
    .where('key', '=', key)
    .execute()
}

async function find(ctx: Ctx, { key }: Idempotency): Promise<Row | undefined> {
  return ctx.db
    .selectFrom('idempotencyKeys')
    .select(['fingerprint', 'state', 'result'])
    .where('workspaceId', '=', ctx.actor.workspaceId)
    .where('userId', '=', ctx.actor.userId)
    .where('key', '=', key)
    .executeTakeFirst()
}

async function waitForOutcome(ctx: Ctx, idempotency: Idempotency): Promise<Row | undefined> {
  const deadline = Date.now() + waitMs
  for (;;) {
    const row = await find(ctx, idempotency)
    if (row?.state !== 'running' || row.fingerprint !== idempotency.fingerprint || Date.now() > deadline) return row
    await sleep(lookAgainMs, undefined, { signal: ctx.signal })
  }
}

function resultOf<T>(row: Row | undefined, { fingerprint }: Idempotency): T {
  if (!row) throw new AppError('conflict', 'The first request with this Idempotency-Key is gone. Send it again.')
  if (row.fingerprint !== fingerprint) {
    throw new AppError('idempotency_conflict', 'This Idempotency-Key was used for another request. Use a new one.')
  }
  if (row.state === 'done') return row.result as T
  if (row.state === 'failed') {
    const { code, message } = row.result as { code: ErrorCode; message: string }
    throw new AppError(code, message)
  }
  throw new AppError(
    'conflict',
    'The first request with this Idempotency-Key has not ended, or the server stopped during it. Look whether it took effect before you repeat it with a new key.',
  )
}
