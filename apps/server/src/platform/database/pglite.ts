import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Logger } from 'pino'
import { beginCopy, keepCopies } from './folder-copies.ts'
import { lockFolder } from './folder-lock.ts'
import type { FromWorker, ToWorker, WorkerOptions, WorkerRequest, WorkerStatus } from './pglite-messages.ts'
import { PgliteStream } from './pglite-stream.ts'

export interface PgliteOptions {
  /** Parent of `database/` and `copies/`. */
  dataDir: string
  log: Logger
  /** Called once when the database's thread ended without being asked to. The process had better end too. */
  onFatal?: (error: Error) => void
  /** Time between looks at whether a checkpoint is due; 0 turns checkpoints and copies by time off. */
  checkpointMs?: number
  copies?: { everyMs: number; keep: number }
  /** A transaction that does nothing for this long while others wait is rolled back. */
  idleInTransactionMs?: number
  /** False gives speed and loses data with the power: for tests. */
  durable?: boolean
}

/** PGlite in its own thread, as something `pg` can connect to. */
export interface Pglite {
  /** A new connection; give it to `pg` as `stream`. */
  connect(): PgliteStream
  /** Writes all that is in memory to the data files, so that the next start need not recover. */
  checkpoint(): Promise<void>
  /** Puts a consistent copy of the database's folder under `<dataDir>/copies/` and answers its path. */
  copy(): Promise<string>
  close(): Promise<void>
}

/** A checkpoint comes early after this much, since the embedded database makes none by itself and its log grows. */
const urgentBytes = 64 * 1024 * 1024
const urgentLookMs = 5_000

/** Takes the folder's lock, starts the thread and waits until the database answers. */
export async function openPglite(options: PgliteOptions): Promise<Pglite> {
  const { dataDir, log, checkpointMs = 5 * 60_000, copies = { everyMs: 60 * 60_000, keep: 3 } } = options
  const folder = join(dataDir, 'database')
  const copiesFolder = join(dataDir, 'copies')
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const lock = await lockFolder(folder)

  const workerData: WorkerOptions = {
    folder,
    durable: options.durable ?? true,
    idleInTransactionMs: options.idleInTransactionMs ?? 10_000,
  }
  const worker = new Worker(new URL('./pglite-worker.ts', import.meta.url), {
    workerData,
    name: 'database',
    // None of the process's own flags: some of them make no sense for a thread, and stop it.
    execArgv: [],
  })
  const streams = new Map<number, PgliteStream>()
  const requests = new Map<number, { resolve: (result: unknown) => void; reject: (error: Error) => void }>()
  let lastId = 0
  let closing = false
  let failure: Error | undefined

  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  const ready = new Promise<void>((resolve, reject) => {
    const fail = (error: Error) => {
      if (failure !== undefined || closing) return
      failure = error
      reject(error)
      for (const stream of streams.values()) stream.destroy(error)
      for (const request of requests.values()) request.reject(error)
      requests.clear()
    }
    worker.on('error', (error) => fail(error as Error))
    worker.on('exit', (code) => fail(new Error(`the embedded database's thread ended with code ${code}`)))
    worker.on('message', (message: FromWorker) => {
      if (message.kind === 'ready') resolve()
      else if (message.kind === 'bytes') streams.get(message.connection)?.push(Buffer.from(message.bytes.buffer))
      else if (message.kind === 'end') streams.get(message.connection)?.push(null)
      else if (message.kind === 'warning') log.warn(message.message)
      else if (message.kind === 'fatal') fail(new Error(message.message))
      else {
        const request = requests.get(message.id)
        requests.delete(message.id)
        if (message.kind === 'answer') request?.resolve(message.result)
        else request?.reject(new Error(message.message))
      }
    })
  })

  const tell = (message: ToWorker, transfer: ArrayBuffer[] = []) => worker.postMessage(message, transfer)
  const ask = (request: WorkerRequest): Promise<unknown> => {
    if (failure !== undefined) return Promise.reject(failure)
    const id = ++lastId
    return new Promise((resolve, reject) => {
      requests.set(id, { resolve, reject })
      tell({ kind: 'request', id, request })
    })
  }

  try {
    await ready
  } catch (cause) {
    await worker.terminate()
    await lock.release()
    throw new Error(
      `the embedded database in ${folder} does not open: ${cause instanceof Error ? cause.message : String(cause)}. ` +
        `If its files are damaged, replace the folder by the newest one in ${copiesFolder}`,
      { cause },
    )
  }
  worker.once('exit', () => {
    if (failure === undefined) return
    log.fatal({ err: failure }, 'The embedded database has ended.')
    void lock.release()
    options.onFatal?.(failure)
  })

  const copy = async () => {
    const unfinished = join(copiesFolder, '.unfinished')
    await ask({ name: 'checkpoint' })
    const seen = await beginCopy(folder, unfinished)
    await ask({ name: 'finish-copy', copy: unfinished, seen: [...seen] })
    const name = new Date().toISOString().replaceAll(':', '-')
    await keepCopies(copiesFolder, unfinished, name, copies.keep)
    return join(copiesFolder, name)
  }

  let lastCheckpoint = Date.now()
  let lastCopy = Date.now()
  let changedSinceCopy = false
  const upkeep = async () => {
    const { bytesWritten } = (await ask({ name: 'status' })) as WorkerStatus
    const due = Date.now() - lastCheckpoint >= checkpointMs
    if (bytesWritten > 0 && (due || bytesWritten >= urgentBytes)) {
      await ask({ name: 'checkpoint' })
      changedSinceCopy = true
    }
    if (due) lastCheckpoint = Date.now()
    if (changedSinceCopy && Date.now() - lastCopy >= copies.everyMs) {
      lastCopy = Date.now()
      changedSinceCopy = false
      await copy()
    }
  }
  let upkeepRuns: Promise<void> | undefined
  const timer =
    checkpointMs === 0
      ? undefined
      : setInterval(
          () => {
            upkeepRuns ??= upkeep()
              .catch((error) => log.error({ err: error }, 'Checkpoint or copy of the embedded database failed.'))
              .finally(() => {
                upkeepRuns = undefined
              })
          },
          Math.min(urgentLookMs, checkpointMs),
        )
  timer?.unref()

  return {
    connect() {
      const stream = new PgliteStream(++lastId, {
        open: ({ id }) => {
          if (failure !== undefined) return void stream.destroy(failure)
          streams.set(id, stream)
          tell({ kind: 'open', connection: id })
        },
        send: ({ id }, bytes) => tell({ kind: 'bytes', connection: id, bytes }, [bytes.buffer]),
        close: ({ id }) => {
          if (streams.delete(id)) tell({ kind: 'close', connection: id })
        },
      })
      return stream
    },
    async checkpoint() {
      await ask({ name: 'checkpoint' })
    },
    copy,
    async close() {
      clearInterval(timer)
      await upkeepRuns
      if (failure === undefined) {
        await ask({ name: 'shutdown' })
        closing = true
        await ended
      }
      await lock.release()
    },
  }
}
