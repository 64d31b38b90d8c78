import { parentPort, workerData } from 'node:worker_threads'
import { sendGenerated } from './send-generated.ts'

/** Sends from a thread of its own, so that whoever measures meanwhile is not kept from it by the sending. */
const { port, ...options } = workerData as Parameters<typeof sendGenerated>[1] & { port: number }
parentPort!.postMessage(await sendGenerated(port, options))
