import { CompiledQuery } from 'kysely'
import { type ConstructorOptions, PgBoss } from 'pg-boss'
import type { Logger } from 'pino'
import type { Platform } from '../context.ts'
import type { DatabaseHandle, Db } from '../database/index.ts'
import { AppError } from '../errors.ts'

/** How a job is run. A job may run twice (the process died just before it was marked done), so its work must allow that. */
export interface JobOptions {
  /** How often a failed job is tried again, with growing pauses (5). */
  retries?: number
  /** A job that takes longer is aborted, and counts as failed (300). */
  timeoutSeconds?: number
  /** How many run at once in this process (1). */
  concurrency?: number
}

/** Work that outlives a request: queued in the database together with what caused it, done by any process. */
export interface Jobs {
  /** Says how jobs of a name are done. Before `start` only. `signal` aborts at the timeout and when the process ends. */
  define<T extends object>(
    name: string,
    options: JobOptions,
    work: (platform: Platform, data: T, signal: AbortSignal) => Promise<void>,
  ): void
  /** Has a defined job done again and again, by a cron expression in UTC; once for all processes. Before `start` only. */
  schedule(name: string, cron: string): void
  /** Queues a job with `db`, so that it is kept or lost with that transaction. Throws `unavailable` before `install`. */
  enqueue(db: Db, name: string, data: object, options?: { startAfterSeconds?: number }): Promise<void>
  /** Makes the tables and queues that are missing. Before the first `enqueue`; not within a transaction. */
  install(): Promise<void>
  /** Begins to do jobs. */
  start(platform: Platform): Promise<void>
  /** Waits for running jobs a few seconds, then aborts them; they are done again later. */
  stop(): Promise<void>
}

interface Definition {
  options: JobOptions
  work: (platform: Platform, data: object, signal: AbortSignal) => Promise<void>
}

const stopTimeoutMs = 5_000

/** Jobs on pg-boss, in schema `pgboss` of our own database and through our own pool. */
export function createJobs(database: DatabaseHandle, log: Logger): Jobs {
  const definitions = new Map<string, Definition>()
  const schedules = new Map<string, string>()
  const ended = new AbortController()
  let installed = false
  const boss = new PgBoss({
    db: {
      executeSql: (text, values) => database.pool.query(text, values),
      async listen(channel, onNotification, onReconnect) {
        const listener = await database.listen(channel, onNotification, onReconnect)
        return { close: () => listener.close() }
      },
    },
    backend: database.kind,
    useListenNotify: true,
    registerInstance: false,
    reindex: false,
    monitorVacuum: false,
  })
  boss.on('error', (error) => log.error({ err: error }, 'The job queue reports an error.'))
  boss.on('warning', (warning) => log.warn({ warning }, 'The job queue reports a warning.'))

  return {
    define(name, options, work) {
      if (definitions.has(name)) throw new Error(`There are two jobs named ${name}.`)
      definitions.set(name, { options, work: work as Definition['work'] })
    },

    schedule(name, cron) {
      schedules.set(name, cron)
    },

    async enqueue(db, name, data, options = {}) {
      if (!definitions.has(name)) throw new Error(`There is no job named ${name}.`)
      // Within the first second after a start, when the server listens and its queues are still being made.
      if (!installed) throw new AppError('unavailable', 'The server is starting. Try again.', { retryAfterSeconds: 1 })
      await boss.send(name, data, {
        db: executorOf(db),
        ...(options.startAfterSeconds === undefined ? {} : { startAfter: options.startAfterSeconds }),
      })
    },

    async install() {
      await boss.start()
      for (const [name, { options }] of definitions) {
        await boss.createQueue(name, {
          notify: true,
          retryLimit: options.retries ?? 5,
          retryBackoff: true,
          retryDelay: 2,
          retryDelayMax: 600,
          expireInSeconds: options.timeoutSeconds ?? 300,
          deleteAfterSeconds: 24 * 3600,
        })
      }
      installed = true
    },

    async start(platform) {
      for (const [name, { options, work }] of definitions) {
        const workOptions = { pollingIntervalSeconds: 2, notifyPollingIntervalSeconds: 5 }
        for (let worker = 0; worker < (options.concurrency ?? 1); worker++) {
          let id: string | undefined
          id = await boss.work<object>(name, workOptions, async ([job]) => {
            if (!job) return
            const jobLog = platform.log.child({ job: name, jobId: job.id })
            try {
              await work({ ...platform, log: jobLog }, job.data, AbortSignal.any([job.signal, ended.signal]))
            } catch (error) {
              if (!ended.signal.aborted) jobLog.error({ err: error, attempt: job.retryCount + 1 }, 'A job failed.')
              throw error
            } finally {
              // There may be more: looks again at once, where it would wait for the next poll.
              if (id !== undefined) boss.notifyWorker(id)
            }
          })
        }
      }
      for (const [name, cron] of schedules) await boss.schedule(name, cron, {}, { tz: 'UTC' })
    },

    async stop() {
      const timer = setTimeout(() => ended.abort(), stopTimeoutMs - 1_000)
      await boss.stop({ close: false, graceful: true, timeout: stopTimeoutMs })
      clearTimeout(timer)
    },
  }
}

function executorOf(db: Db): NonNullable<ConstructorOptions['db']> {
  return {
    async executeSql(text, values) {
      const { rows } = await db.executeQuery(CompiledQuery.raw(text, values ?? []))
      return { rows }
    },
  }
}
