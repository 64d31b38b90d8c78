import { parentPort, workerData } from 'node:worker_threads'
import { finishCopy } from './folder-copies.ts'
import { PgliteBackend } from './pglite-backend.ts'
import { DurableNodeFS } from './pglite-durable-fs.ts'
import type { FromWorker, ToWorker, WorkerOptions, WorkerRequest, WorkerStatus } from './pglite-messages.ts'
import { startFastPglite, startPglite } from './pglite-start.ts'

/** PGlite's own longjmp, by which PostgreSQL leaves a failed statement. Everything else thrown is the end. */
const ordinaryError = 100

const port = parentPort
if (port === null) throw new Error('pglite-worker.ts runs as a worker thread only')
const options = workerData as WorkerOptions

const files = new DurableNodeFS(options.folder)
const pg = options.durable ? await startPglite(options.folder, files) : await startFastPglite(options.folder)
dieWithBackend()

const backend = new PgliteBackend(
  {
    exec: (bytes, onBytes) => {
      // Runs to its end before it returns; the promise only says so once more.
      void pg.execProtocolRawStream(bytes, { syncToFs: false, onRawData: onBytes })
    },
  },
  {
    send: (connection, bytes) => tell({ kind: 'bytes', connection, bytes }, [bytes.buffer]),
    end: (connection) => tell({ kind: 'end', connection }),
    warn: (message) => tell({ kind: 'warning', message }),
  },
  { idleInTransactionMs: options.idleInTransactionMs },
)
setInterval(() => backend.endIdleTransaction(), Math.min(1000, options.idleInTransactionMs / 2)).unref()

port.on('message', (message: ToWorker) => {
  if (message.kind === 'open') backend.open(message.connection)
  else if (message.kind === 'bytes') backend.receive(message.connection, message.bytes)
  else if (message.kind === 'close') backend.close(message.connection)
  else {
    answer(message.request).then(
      (result) => tell({ kind: 'answer', id: message.id, result }),
      (error: Error) => tell({ kind: 'refusal', id: message.id, message: error.message }),
    )
  }
})
tell({ kind: 'ready' })

async function answer(request: WorkerRequest): Promise<unknown> {
  if (request.name === 'status') return { bytesWritten: files.bytesWritten } satisfies WorkerStatus
  if (request.name === 'finish-copy') {
    return backend.exclusively(() => {
      checkpoint()
      finishCopy(options.folder, request.copy, new Map(request.seen))
    })
  }
  await backend.exclusively(checkpoint)
  if (request.name === 'shutdown') {
    await pg.close()
    // The answer is on its way; with the port closed nothing keeps the thread.
    setImmediate(() => port?.close())
  }
  return undefined
}

function checkpoint(): void {
  backend.execute('CHECKPOINT')
  files.bytesWritten = 0
}

/**
 * PGlite catches all that its backend throws and goes on. After a panic (a failed fsync, say) or a trap that would be
 * an endless loop on a broken memory; here it ends the thread, and the main thread is told.
 */
function dieWithBackend(): void {
  const { Module } = pg
  const mainLoopOnce = Module._PostgresMainLoopOnce
  Module._PostgresMainLoopOnce = () => {
    try {
      mainLoopOnce()
    } catch (error) {
      if ((error as { status?: number }).status !== ordinaryError) {
        tell({ kind: 'fatal', message: `the embedded database failed: ${String(error)}` })
        process.exit(1)
      }
      throw error
    }
  }
}

function tell(message: FromWorker, transfer: ArrayBuffer[] = []): void {
  port?.postMessage(message, transfer)
}
