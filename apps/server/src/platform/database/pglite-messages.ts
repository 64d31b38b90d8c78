/** What the main thread and PGlite's thread say to each other. */
export interface WorkerOptions {
  folder: string
  /** False only in tests. */
  durable: boolean
  idleInTransactionMs: number
}

export type ToWorker =
  | { kind: 'open'; connection: number }
  | { kind: 'bytes'; connection: number; bytes: Uint8Array<ArrayBuffer> }
  | { kind: 'close'; connection: number }
  | { kind: 'request'; id: number; request: WorkerRequest }

export type WorkerRequest =
  /** Writes what is in memory to the data files; answers whether anything had been written since the last one. */
  | { name: 'checkpoint' }
  | { name: 'status' }
  /** Checkpoint, then bring the copy up to date while nothing else runs. */
  | { name: 'finish-copy'; copy: string; seen: [path: string, signature: string][] }
  | { name: 'shutdown' }

export interface WorkerStatus {
  /** Bytes written since the last checkpoint. */
  bytesWritten: number
}

export type FromWorker =
  | { kind: 'ready' }
  | { kind: 'bytes'; connection: number; bytes: Uint8Array<ArrayBuffer> }
  | { kind: 'end'; connection: number }
  | { kind: 'warning'; message: string }
  | { kind: 'answer'; id: number; result: unknown }
  | { kind: 'refusal'; id: number; message: string }
  /** The database cannot go on; the thread ends. */
  | { kind: 'fatal'; message: string }
