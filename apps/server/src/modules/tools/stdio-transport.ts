import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { tmpdir } from 'node:os'
import {
  type JSONRPCMessage,
  parseJSONRPCMessage,
  serializeMessage,
  type Transport,
} from '@modelcontextprotocol/client'
import { MessageBudget, maxMessageBytes } from './message-limits.ts'
import { stopWithUs } from './stop-with-us.ts'

export interface StdioProgram {
  command: string
  args: string[]
  env: Record<string, string>
  cwd: string
}

const keptErrorBytes = 4_000
const errorBytesPerSecond = 256 * 1024
const endByItselfMs = 300
const endOnRequestMs = 1_500
const outputAfterEndMs = 500

/**
 * A program on this server that speaks MCP over its standard input and output (MCP 2026-07-28, "stdio"). Unlike the
 * library's own transport it clears the environment, ends the whole process group, and reads no faster than the program
 * may be listened to.
 */
export class StdioTransport implements Transport {
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: (message: JSONRPCMessage) => void

  readonly #program: StdioProgram
  #child: ChildProcessWithoutNullStreams | undefined
  #ended: Promise<void> | undefined
  #pending: Buffer[] = []
  #pendingBytes = 0
  #lines: Buffer[] = []
  #waiting = false
  #lastErrors = ''
  #failure: string | undefined
  #closing = false
  #endedByItself = false
  readonly #budget = new MessageBudget()

  constructor(program: StdioProgram) {
    this.#program = program
  }

  /** Last lines that the program wrote to its standard error. By these two members the client knows a stdio transport. */
  get stderr(): string {
    return this.#lastErrors
  }

  get pid(): number | null {
    return this.#child?.pid ?? null
  }

  /** Whether it ended without being asked to. */
  get endedByItself(): boolean {
    return this.#endedByItself
  }

  /** Why it ended, where that is known; a sentence. */
  get failure(): string | undefined {
    return this.#failure
  }

  async start(): Promise<void> {
    const { command, args, cwd } = this.#program
    const child = spawn(command, args, { cwd, env: this.#environment(), detached: true, stdio: 'pipe', shell: false })
    this.#child = child
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', reject)
    })
    const group = child.pid!
    stopWithUs.add(group)
    child.on('error', (error) => this.onerror?.(error))
    child.stdin.on('error', (error) => this.onerror?.(error))
    child.stdout.on('data', (chunk: Buffer) => this.#read(chunk))
    this.#keepErrors(child)
    this.#ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.#endedByItself = !this.#closing
        this.#failure ??=
          signal === null ? `The program ended with code ${code}.` : `The program was ended by ${signal}.`
        killGroup(group, 'SIGKILL') // what it started goes with it
        stopWithUs.remove(group)
        resolve()
        // What it last wrote is still to be read, unless something else holds its output open.
        const late = setTimeout(() => this.#finish(child), outputAfterEndMs)
        child.once('close', () => {
          clearTimeout(late)
          this.#finish(child)
        })
      })
    })
  }

  async send(message: JSONRPCMessage): Promise<void> {
    const stdin = this.#child?.stdin
    if (!stdin?.writable) throw new Error('The program does not run.')
    if (stdin.write(serializeMessage(message))) return
    await Promise.race([new Promise<void>((resolve) => stdin.once('drain', resolve)), this.#ended])
  }

  /** Ends its input, then asks the process group to end, then ends it. */
  async close(): Promise<void> {
    const child = this.#child
    if (!child?.pid || !this.#ended) return
    this.#closing = true
    child.stdin.end()
    child.stdout.resume()
    if (await within(this.#ended, endByItselfMs)) return
    killGroup(child.pid, 'SIGTERM')
    if (await within(this.#ended, endOnRequestMs)) return
    killGroup(child.pid, 'SIGKILL')
    await this.#ended
  }

  #finish(child: ChildProcessWithoutNullStreams): void {
    child.stdout.destroy()
    child.stderr.destroy()
    this.#lines = []
    this.onclose?.()
  }

  /** Nothing of our own environment, which holds keys, but what programs need to be found and to run. */
  #environment(): Record<string, string> {
    const { PATH = '/usr/local/bin:/usr/bin:/bin', HOME = '/', LANG = 'C.UTF-8', TMPDIR = tmpdir() } = process.env
    return { PATH, HOME, LANG, TMPDIR, ...this.#program.env }
  }

  #read(chunk: Buffer): void {
    let rest = chunk
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      this.#pending.push(rest.subarray(0, end))
      rest = rest.subarray(end + 1)
      this.#lines.push(Buffer.concat(this.#pending))
      this.#pending = []
      this.#pendingBytes = 0
    }
    if (rest.length > 0) this.#pending.push(rest)
    this.#pendingBytes += rest.length
    if (this.#pendingBytes > maxMessageBytes) {
      this.#failure = `The program sent a message of more than ${maxMessageBytes / 1024 / 1024} MB.`
      this.#pending = []
      if (this.#child?.pid) killGroup(this.#child.pid, 'SIGKILL')
      return
    }
    if (!this.#waiting) this.#deliverLines()
  }

  /** Hands on what was read, and reads on when all of that was. */
  #deliverLines(): void {
    this.#waiting = false
    for (let line = this.#lines.shift(); line; line = this.#lines.shift()) {
      this.#deliver(line.toString())
      const waitMs = this.#budget.spend()
      if (waitMs === 0) continue
      this.#waiting = true
      this.#child?.stdout.pause()
      setTimeout(() => this.#deliverLines(), waitMs).unref()
      return
    }
    this.#child?.stdout.resume()
  }

  #deliver(line: string): void {
    if (line.trim() === '') return
    let message: JSONRPCMessage
    try {
      message = parseJSONRPCMessage(JSON.parse(line))
    } catch {
      // Programs print to standard output what belongs on standard error.
      this.onerror?.(new Error('The program wrote a line that is not an MCP message.'))
      return
    }
    this.onmessage?.(message)
  }

  #keepErrors({ stderr }: ChildProcessWithoutNullStreams): void {
    let second = 0
    let bytes = 0
    stderr.on('data', (chunk: Buffer) => {
      this.#lastErrors = (this.#lastErrors + chunk.subarray(-keptErrorBytes).toString()).slice(-keptErrorBytes)
      const now = Math.floor(performance.now() / 1000)
      if (now !== second) bytes = 0
      second = now
      bytes += chunk.length
      if (bytes < errorBytesPerSecond) return
      stderr.pause()
      setTimeout(() => stderr.resume(), 1000).unref()
    })
  }
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // ESRCH: none of it is left
  }
}

async function within(ended: Promise<void>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms)
  })
  try {
    return await Promise.race([ended.then(() => true), late])
  } finally {
    clearTimeout(timer)
  }
}
