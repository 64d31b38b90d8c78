import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { mountAll } from './app.ts'
import { migrations } from './migrations.ts'
import { authenticate, mayCallFrom } from './modules/identity/index.ts'
import { requestLimits } from './modules/usage/index.ts'
import { createLocalBus } from './platform/bus/index.ts'
import type { Config, Secrets } from './platform/config/index.ts'
import { type Clock, type Platform, systemClock } from './platform/context.ts'
import { openKeyring } from './platform/crypto/index.ts'
import { type DatabaseOptions, migrate, openDatabase } from './platform/database/index.ts'
import { closeStreams, createHttp, type Http } from './platform/http/index.ts'
import { createJobs } from './platform/jobs/index.ts'
import { createLimiter } from './platform/limits/index.ts'
import { createEgress, type ResolveName } from './platform/net/index.ts'
import { openRedis, type Redis } from './platform/redis/index.ts'
import { createLocalRunLog } from './platform/run-log/index.ts'
import { openDiskStorage } from './platform/storage/index.ts'
import { createLog } from './platform/telemetry/index.ts'
import { defineWork, startWork, type Worker } from './worker.ts'

/** A whole server, built and not yet listening. */
export interface Server {
  platform: Platform
  http: Http
  /** Listens, then begins the work that needs no request. Answers the address, such as `http://127.0.0.1:3000`. */
  start(): Promise<string>
  /** Resolves when that work has begun; rejects when it could not. */
  working(): Promise<void>
  /** Not ready any more: no new replies; running ones end, or are handed over in time. */
  drain(): Promise<void>
  /** Ends everything, in the reverse order of building. Safe to call twice. */
  close(): Promise<void>
}

/** What tests replace. */
export interface Overrides {
  log?: Logger
  clock?: Clock
  embedded?: DatabaseOptions['embedded']
  resolveName?: ResolveName
  /** Called when the server cannot go on. Default: logs, and ends the process. */
  onFatal?: (error: Error) => void
}

const closeConnectionsAfterMs = 3_000

/**
 * Puts a server together: opens the database and brings it up to date, then keys, files and the ways out, then HTTP.
 * @throws Error that says what to do, when any of it cannot be had; nothing stays open then
 */
export async function buildServer(config: Config, secrets: Secrets, overrides: Overrides = {}): Promise<Server> {
  const log = overrides.log ?? createLog(config, secrets)
  const onFatal = overrides.onFatal ?? exitOn(log)
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 })

  const keyring = await openKeyring(config.dataDir, secrets)
  for (const warning of keyring.warnings) log.warn(warning)
  const storage = await openDiskStorage(join(config.dataDir, 'files'))
  const database = await openDatabase({
    url: secrets.databaseUrl,
    dataDir: config.dataDir,
    log,
    ...config.database,
    onFatal,
    embedded: overrides.embedded,
  })
  const shutdown = new AbortController()
  const egress = createEgress({
    allow: config.egress.allow,
    resolveName: overrides.resolveName,
    proxy: secrets.egressProxy === undefined ? undefined : new URL(secrets.egressProxy),
  })
  let redis: Redis | undefined
  try {
    const applied = await migrate(database, migrations)
    if (applied.length > 0) log.info({ applied }, 'The database was brought up to date.')

    if (secrets.redisUrl !== undefined) redis = await openRedis(secrets.redisUrl, config.redis.answerWithinMs, log)
    const platform: Platform = {
      config,
      secrets,
      log,
      database,
      db: database.db,
      keyring,
      storage,
      egress,
      bus: createLocalBus((error) => log.error({ err: error }, 'A listener of the bus failed.')),
      runLog: createLocalRunLog(),
      jobs: createJobs(database, log),
      limiter: createLimiter({ now: () => platform.clock.now() }, redis),
      redis,
      clock: overrides.clock ?? systemClock,
      shutdown: shutdown.signal,
    }
    defineWork(platform)
    return await withHttp(platform, shutdown, onFatal)
  } catch (error) {
    await egress.close()
    await redis?.close()
    await database.close()
    throw error
  }
}

async function withHttp(
  platform: Platform,
  shutdown: AbortController,
  onFatal: (error: Error) => void,
): Promise<Server> {
  const { config } = platform
  let work: Promise<Worker> | undefined
  let closing: Promise<void> | undefined

  const http = await createHttp(platform, authenticate, requestLimits, mayCallFrom)
  await mountAll(http, () => work !== undefined)

  return {
    platform,
    http,

    async start() {
      const url = await http.app.listen({ host: config.http.host, port: config.http.port })
      if (config.http.port === 0) config.http.publicUrl = config.http.publicUrl.replace(/:0$/, `:${new URL(url).port}`)
      work = startWork(platform)
      work.catch(onFatal)
      return url
    },

    async working() {
      await work
    },

    async drain() {
      shutdown.abort()
      await (await work)?.drain()
    },

    close() {
      closing ??= closeAll()
      return closing
    },
  }

  async function closeAll(): Promise<void> {
    shutdown.abort()
    const worker = await work?.catch(() => undefined) // why it failed was told to onFatal
    closeStreams(http.app)
    const cutOff = setTimeout(() => http.app.server.closeAllConnections(), closeConnectionsAfterMs)
    await http.app.close()
    clearTimeout(cutOff)
    await worker?.stop()
    await platform.egress.close()
    await platform.redis?.close()
    await platform.database.close()
  }
}

function exitOn(log: Logger): (error: Error) => void {
  return (error) => {
    log.fatal({ err: error }, 'The server cannot go on.')
    process.exit(1)
  }
}
