import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import type { Logger } from 'pino'
import { columnTypes } from './column-values.ts'
import { type Listener, listen } from './listen.ts'
import { openPglite, type Pglite, type PgliteOptions } from './pglite.ts'
import { preparingClient } from './prepared-statements.ts'
import type { Db } from './schema.ts'
import { tidyTables } from './tidy-tables.ts'

export interface DatabaseOptions {
  /** Connection string of a PostgreSQL server. Without it the database is embedded and lives in `dataDir`. */
  url?: string
  dataDir: string
  log: Logger
  /** Connections in the pool (10). */
  poolMax?: number
  /** False: statements are not prepared, as some poolers want it (PgBouncer before 1.21). */
  prepare?: boolean
  /** On a server: a statement that runs longer is ended (60 s). The embedded database cannot end a statement. */
  statementTimeoutMs?: number
  /** The embedded database has ended by itself: every query fails from here on. */
  onFatal?: (error: Error) => void
  /** Only for the embedded database. */
  embedded?: Pick<PgliteOptions, 'checkpointMs' | 'copies' | 'idleInTransactionMs' | 'durable'>
}

export interface DatabaseHandle {
  kind: 'pglite' | 'postgres'
  db: Db
  pool: pg.Pool
  log: Logger
  /** What a `pg.Client` or `pg.Pool` of one's own needs to reach this database (a job queue brings one). */
  clientConfig: pg.ClientConfig
  /**
   * Listens on a channel over a connection of its own, and again after that was lost; then, and at first, `onConnect`
   * is called, since notifications may have been missed.
   */
  listen(channel: string, onNotification: (payload: string) => void, onConnect?: () => void): Promise<Listener>
  /** Embedded: brings the data files up to date. On a server: nothing. */
  checkpoint(): Promise<void>
  /** Embedded: puts a copy of the folder under `<dataDir>/copies/` and answers its path. On a server: undefined. */
  copy(): Promise<string | undefined>
  /** Waits for running queries, then closes; embedded: with a checkpoint. */
  close(): Promise<void>
}

const minimumServerVersion = 150_000
const tidyEveryMs = 2 * 60_000

/**
 * Opens the server at `url`, or the embedded database where there is none. Both are the same to the caller.
 * @throws Error that says what to do: the server does not answer or is too old, the folder is in use or damaged
 */
export async function openDatabase(options: DatabaseOptions): Promise<DatabaseHandle> {
  return options.url === undefined ? openEmbedded(options) : openServer(options, options.url)
}

async function openEmbedded(options: DatabaseOptions): Promise<DatabaseHandle> {
  const { dataDir, log, onFatal, embedded } = options
  const pglite = await openPglite({ dataDir, log, onFatal, ...embedded })
  const clientConfig: pg.ClientConfig = {
    // Everything is given, so that PGHOST and the like in the environment change nothing.
    host: 'embedded',
    port: 5432,
    user: 'postgres',
    database: 'postgres',
    password: '',
    ssl: false,
    types: columnTypes,
    stream: () => pglite.connect() as never,
  }
  return makeHandle('pglite', options, clientConfig, pglite)
}

async function openServer(options: DatabaseOptions, url: string): Promise<DatabaseHandle> {
  const clientConfig: pg.ClientConfig = {
    connectionString: url,
    types: columnTypes,
    application_name: 'parley',
    connectionTimeoutMillis: 10_000,
    statement_timeout: options.statementTimeoutMs ?? 60_000,
    idle_in_transaction_session_timeout: 60_000,
    keepAlive: true,
  }
  const handle = makeHandle('postgres', options, clientConfig)
  try {
    await checkServer(handle.pool)
  } catch (cause) {
    await handle.close()
    const reason = cause instanceof Error ? describe(cause) : String(cause)
    throw new Error(
      `DATABASE_URL (${withoutPassword(url)}) cannot be used: ${reason}. Start that server or correct the address; ` +
        'without DATABASE_URL the embedded database is used',
      { cause },
    )
  }
  return handle
}

async function checkServer(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query(
    `select current_setting('server_version_num')::int as version, current_setting('server_encoding') as encoding`,
  )
  const { version, encoding } = rows[0] as { version: number; encoding: string }
  if (version < minimumServerVersion) {
    throw new Error(`it is PostgreSQL ${Math.floor(version / 10_000)}, and 15 is the oldest that works`)
  }
  if (encoding !== 'UTF8') throw new Error(`the encoding of the database is ${encoding}, and it has to be UTF8`)
}

function makeHandle(
  kind: DatabaseHandle['kind'],
  options: DatabaseOptions,
  clientConfig: pg.ClientConfig,
  pglite?: Pglite,
): DatabaseHandle {
  const { log } = options
  const pool = new pg.Pool({
    ...clientConfig,
    max: options.poolMax ?? 10,
    ...(options.prepare === false ? {} : { Client: preparingClient() }),
    onConnect: async (client) => {
      // Unheard, the error of a connection that breaks while it is checked out would end the process.
      client.on('error', (error) => log.warn({ err: error }, 'A database connection broke.'))
      if (kind === 'postgres') await client.query(`set time zone 'UTC'`)
    },
  })
  pool.on('error', (error) => log.warn({ err: error }, 'An idle database connection broke.'))
  const db: Db = new Kysely({ dialect: new PostgresDialect({ pool }) })
  const stopTidying = pglite === undefined ? undefined : tidyRegularly(pool, log)
  let closed: Promise<void> | undefined
  return {
    kind,
    db,
    pool,
    log,
    clientConfig,
    listen: (channel, onNotification, onConnect) =>
      listen({ clientConfig, log, channel, onNotification, onConnect: onConnect ?? (() => undefined) }),
    checkpoint: async () => pglite?.checkpoint(),
    copy: async () => pglite?.copy(),
    close: () => {
      stopTidying?.()
      closed ??= pool.end().then(() => pglite?.close())
      return closed
    },
  }
}

function tidyRegularly(pool: pg.Pool, log: Logger): () => void {
  const timer = setInterval(() => {
    tidyTables(pool).catch((error) => log.warn({ err: error }, 'Tidying the tables failed.'))
  }, tidyEveryMs)
  timer.unref()
  return () => clearInterval(timer)
}

function describe(error: Error): string {
  // A refused connection to a name with several addresses is an AggregateError without a message.
  if (error instanceof AggregateError) return error.errors.map((each: Error) => each.message).join(', ')
  return error.message
}

function withoutPassword(url: string): string {
  try {
    const parsed = new URL(url)
    if (parsed.password !== '') parsed.password = '***'
    return parsed.href
  } catch {
    return 'not shown, since it is not a URL'
  }
}
