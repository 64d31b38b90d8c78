import { createHash, randomUUID } from 'node:crypto'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:net'
import { hostname } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'

/** One process owns a folder until it calls `release`, or ends in whatever way. */
export interface FolderLock {
  release(): Promise<void>
}

interface LockNote {
  pid: number
  host: string
  nonce: string
}

interface LockOptions {
  /** How often the owner shows that it is alive to processes on other machines that see the same folder. */
  heartbeatMs?: number
  /** After how long without a sign of life an owner on another machine counts as gone. */
  silenceMs?: number
}

/**
 * Takes `folder` for this process alone. Two layers, because neither is enough:
 * - a name that the kernel keeps and frees even on kill -9: an abstract Unix socket on Linux, a named pipe on Windows
 *   (elsewhere: whether the process in the note is alive);
 * - the note `<folder>.lock`, which says who the owner is and whose time is renewed, for owners in other containers or
 *   on other machines.
 * @throws Error that names the folder and the owner
 */
export async function lockFolder(folder: string, options: LockOptions = {}): Promise<FolderLock> {
  const { heartbeatMs = 2_000, silenceMs = 8_000 } = options
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const note = `${realpathSync(folder)}.lock`
  const kernelName = await takeKernelName(folder, note)
  const nonce = randomUUID()
  try {
    await waitForOtherOwner(folder, note, silenceMs, kernelName !== undefined)
    writeNote(note, nonce)
  } catch (error) {
    await closeServer(kernelName)
    throw error
  }
  const heartbeat = setInterval(() => renewNote(note, nonce), heartbeatMs)
  heartbeat.unref()
  return {
    async release() {
      clearInterval(heartbeat)
      if (readNote(note)?.nonce === nonce) rmSync(note, { force: true })
      await closeServer(kernelName)
    },
  }
}

async function takeKernelName(folder: string, note: string): Promise<Server | undefined> {
  const digest = createHash('sha256').update(realpathSync(folder)).digest('hex').slice(0, 40)
  const address = { linux: `\0parley-${digest}`, win32: `\\\\.\\pipe\\parley-${digest}` }[process.platform as string]
  if (address === undefined) return undefined
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? inUse(folder, readNote(note)) : error)
    })
    server.listen(address, resolve)
  })
  server.unref()
  return server
}

async function waitForOtherOwner(folder: string, note: string, silenceMs: number, kernelDecides: boolean) {
  const owner = readNote(note)
  if (owner === undefined) return
  if (owner.host === hostname()) {
    // On this machine the kernel has already said that nobody else is there; without it, ask for the process.
    if (kernelDecides || owner.pid === process.pid || !isAlive(owner.pid)) return
    throw inUse(folder, owner)
  }
  // Another machine, or a container that has since been replaced. Whoever lives renews the note.
  const lastSign = statSync(note).mtimeMs
  const silentFor = Date.now() - lastSign
  if (silentFor >= 0 && silentFor < silenceMs) await sleep(silenceMs - silentFor)
  const now = readNote(note)
  if (now !== undefined && (now.nonce !== owner.nonce || statSync(note).mtimeMs !== lastSign)) throw inUse(folder, now)
}

function inUse(folder: string, owner: LockNote | undefined): Error {
  const who = owner === undefined ? 'another process' : `process ${owner.pid} on ${owner.host}`
  return new Error(
    `the database folder ${folder} is in use by ${who}. Stop it first, or start this one with another PARLEY_DATA_DIR ` +
      '(several servers on one database need PostgreSQL: set DATABASE_URL)',
  )
}

function readNote(note: string): LockNote | undefined {
  try {
    return JSON.parse(readFileSync(note, 'utf8'))
  } catch (error) {
    // Missing, or half written by a process that was killed: either way there is no owner to name.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function writeNote(note: string, nonce: string): void {
  const own: LockNote = { pid: process.pid, host: hostname(), nonce }
  writeFileSync(`${note}.${nonce}`, JSON.stringify(own))
  renameSync(`${note}.${nonce}`, note)
}

function renewNote(note: string, nonce: string): void {
  if (existsSync(note) && readNote(note)?.nonce === nonce) utimesSync(note, new Date(), new Date())
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function closeServer(server: Server | undefined): Promise<void> {
  if (server !== undefined) await new Promise<void>((resolve) => server.close(() => resolve()))
}
