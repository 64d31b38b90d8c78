import type { KeyResources, Role, Scope } from '@parley/contract'
import type { Logger } from 'pino'
import type { Bus } from './bus/index.ts'
import type { Config, Secrets } from './config/index.ts'
import type { Keyring } from './crypto/index.ts'
import type { Database, DatabaseHandle, Db } from './database/index.ts'
import type { Jobs } from './jobs/index.ts'
import type { Limiter } from './limits/index.ts'
import type { Egress } from './net/index.ts'
import type { Redis } from './redis/index.ts'
import type { RunLog } from './run-log/index.ts'
import type { Storage } from './storage/index.ts'

/** What one server process is made of; built once in `build.ts`, closed in reverse. */
export interface Platform {
  config: Config
  secrets: Secrets
  log: Logger
  database: DatabaseHandle
  db: Db
  keyring: Keyring
  storage: Storage
  egress: Egress
  bus: Bus
  runLog: RunLog
  jobs: Jobs
  limiter: Limiter
  /** What replicas share, where REDIS_URL is set. */
  redis: Redis | undefined
  clock: Clock
  /** Aborted when the process is to end. */
  shutdown: AbortSignal
}

/** Who acts. `system` is Parley itself in jobs and listeners, in one workspace. */
export type Actor = {
  kind: 'session' | 'api-key' | 'system'
  /** The session's or key's id; for `system` the name of the job. */
  credentialId: string
  userId: string
  workspaceId: string
  role: Role
  scopes: ReadonlySet<Scope>
  /** The API key that is used, or that began what Parley goes on with. The same through all rotations of the key. */
  apiKeyId?: string | undefined
  /** What that key is limited to; see `reaches`. */
  resources?: KeyResources | undefined
  /** A session that still has to show the second factor its workspace asks for: good for showing it, and nothing else. */
  needsSecondFactor?: true
}

/** Whether the actor's key, if it is one, is limited to things of this kind among which `id` is not. */
export function reaches({ resources }: Actor, kind: Exclude<keyof KeyResources, 'mcpServers'>, id: string): boolean {
  const listed = resources?.[kind]
  return listed === undefined || listed.includes(id)
}

/**
 * Comes first everywhere: who acts, on what, until when. Inside a transaction it is the same context with another `db`.
 */
export interface Ctx extends Platform {
  actor: Actor
  requestId: string
  /** Where the request came from; none in jobs. */
  caller?: Caller
  signal: AbortSignal
}

/** Where a request came from, as far as can be known. */
export interface Caller {
  address: string
  userAgent: string | null
}

/** Time, replaceable in tests. */
export interface Clock {
  now(): Date
}

export const systemClock: Clock = { now: () => new Date() }

/** What is to be done with the transaction of a `db`: as the last thing in it, and once it is committed. */
interface Ending {
  last: (() => Promise<void>)[]
  committed: (() => void)[]
}

const endings = new WeakMap<Db, Ending>()

/** Runs `work` in one transaction: `tx` is `ctx` whose writes all happen, or none. */
export async function inTransaction<C extends Pick<Platform, 'db'>, T>(
  ctx: C,
  work: (tx: C) => Promise<T>,
): Promise<T> {
  const ending: Ending = { last: [], committed: [] }
  const result = await ctx.db.transaction().execute(async (db) => {
    endings.set(db, ending)
    const result = await work({ ...ctx, db })
    for (const act of ending.last) await act()
    return result
  })
  for (const act of ending.committed) act()
  return result
}

/** Has `act` done as the last thing in the transaction `tx` is in: for locks that many wait for. It fails with `act`. */
export function beforeCommit(tx: Pick<Platform, 'db'>, act: () => Promise<void>): void {
  const ending = endings.get(tx.db)
  if (ending === undefined) throw new Error('There is no transaction to end.')
  ending.last.push(act)
}

/** Tells others of a change when it can be seen: after the transaction `ctx` is in, or at once where it is in none. */
export function whenCommitted(ctx: Pick<Platform, 'db'>, act: () => void): void {
  const ending = endings.get(ctx.db)
  if (ending) ending.committed.push(act)
  else act()
}

/**
 * State a module keeps for one server process (connections, caches): made at first use, found again by anything that
 * carries the platform, and gone with it. `const connections = perServer((platform) => new Connections(platform))`.
 */
export function perServer<T>(make: (platform: Platform) => T): (platform: Platform) => T {
  const states = new WeakMap<DatabaseHandle, T>()
  return (platform) => {
    const existing = states.get(platform.database)
    if (existing !== undefined) return existing
    const made = make(platform)
    states.set(platform.database, made)
    return made
  }
}

export type { Database, Db }
