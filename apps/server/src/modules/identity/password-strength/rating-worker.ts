import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { ratePassword } from './rate-password.ts'

// On Linux the priority is the thread's own: replies being written come first.
setPriority(10)
parentPort?.on('message', ({ id, password, personal }: { id: number; password: string; personal: string[] }) => {
  parentPort?.postMessage({ id, rating: ratePassword(password, personal) })
})
