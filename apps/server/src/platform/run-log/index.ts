/**
 * The numbered events of running replies. One writer (the holder of the run's lease), any number of readers, each from
 * any number on. Kept in process here; a Redis stream speaks the same interface for several replicas.
 *
 * Numbers only grow, also over a takeover: attempt `n` of a run counts from `n * 1e9 + 1`. An attempt after the first
 * begins with a rewind, so a reader of an earlier attempt may go on with the first entry of the newest.
 */
export interface RunLog {
  /** Becomes the writer of a run; entries of an earlier attempt are dropped. */
  open(runId: string, attempt: number): RunWriter
  /** A reader after `after` (0: from the start), or null when no process here has the run's log. */
  read(runId: string, after: number): RunReader | null
}

export interface RunWriter {
  /** Number of the last entry; the attempt's base before the first. */
  readonly last: number
  /** Adds one event, given as JSON, and wakes the readers. */
  append(json: string): void
  /** Entries up to `number` can be had from the database now, so that old ones may go. */
  saved(number: number): void
  /** No more will come. Readers finish what is there; the log is forgotten after a while. */
  end(): void
  /** The run goes on in another attempt: readers start from what is stored and wait for its log. */
  abandon(): void
}

export interface RunReader {
  /**
   * The frames after what was taken last, joined, waiting for the next when there is none. `gap`: they are gone, start
   * from what is stored; `ended`: the log has ended and all of it was taken.
   */
  take(): Promise<{ frames: string; last: number } | 'gap' | 'ended'>
  /** Makes a waiting `take` answer `ended`. */
  close(): void
}

const attemptSize = 1_000_000_000
const keptBytes = 32_000
const keptAfterEndMs = 60_000

/** First number an attempt's entries come after. */
export function attemptBase(attempt: number): number {
  return attempt * attemptSize
}

/** One event of a run as server-sent event. */
export function frameOf(number: number | null, json: string): string {
  return number === null ? `data: ${json}\n\n` : `id: ${number}\ndata: ${json}\n\n`
}

/** A run log for a single process. */
export function createLocalRunLog(): RunLog {
  const logs = new Map<string, LocalLog>()
  return {
    open(runId, attempt) {
      logs.get(runId)?.abandon()
      const log = new LocalLog(attempt, () => {
        if (logs.get(runId) === log) logs.delete(runId)
      })
      logs.set(runId, log)
      return log
    },
    read(runId, after) {
      return logs.get(runId)?.reader(after) ?? null
    },
  }
}

class LocalLog implements RunWriter {
  last: number
  private readonly base: number
  private readonly forget: () => void
  /** Frames of the numbers `first … last`. */
  private frames: string[] = []
  private first: number
  private bytes = 0
  private savedThrough: number
  private state: 'open' | 'ended' | 'abandoned' = 'open'
  private readonly waiting = new Set<() => void>()

  constructor(attempt: number, forget: () => void) {
    this.base = attemptBase(attempt)
    this.last = this.base
    this.first = this.base + 1
    this.savedThrough = this.base
    this.forget = forget
  }

  append(json: string): void {
    this.last += 1
    const frame = frameOf(this.last, json)
    this.frames.push(frame)
    this.bytes += frame.length
    this.wake()
  }

  saved(number: number): void {
    this.savedThrough = number
    if (this.bytes <= keptBytes) return
    let dropped = 0
    while (this.bytes > keptBytes && this.first + dropped <= this.savedThrough) {
      this.bytes -= this.frames[dropped]!.length
      dropped += 1
    }
    this.frames = this.frames.slice(dropped)
    this.first += dropped
  }

  end(): void {
    if (this.state !== 'open') return
    this.state = 'ended'
    this.wake()
    setTimeout(this.forget, keptAfterEndMs).unref()
  }

  abandon(): void {
    this.state = 'abandoned'
    this.forget()
    this.wake()
  }

  reader(after: number): RunReader {
    let taken = Math.max(after, this.base)
    let lost = after > this.last
    let wakeReader: (() => void) | null = null
    let closed = false
    return {
      take: async () => {
        for (;;) {
          if (closed) return 'ended'
          if (lost || this.state === 'abandoned' || taken + 1 < this.first) {
            lost = true
            return 'gap'
          }
          if (taken < this.last) {
            const from = taken + 1 - this.first
            const frames = from === this.frames.length - 1 ? this.frames[from]! : this.frames.slice(from).join('')
            taken = this.last
            return { frames, last: taken }
          }
          if (this.state === 'ended') return 'ended'
          await new Promise<void>((resolve) => {
            wakeReader = resolve
            this.waiting.add(resolve)
          })
        }
      },
      close: () => {
        closed = true
        if (wakeReader) this.waiting.delete(wakeReader)
        wakeReader?.()
      },
    }
  }

  private wake(): void {
    if (this.waiting.size === 0) return
    const resolvers = [...this.waiting]
    this.waiting.clear()
    for (const resolve of resolvers) resolve()
  }
}
