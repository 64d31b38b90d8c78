/** Streams of one pace share timers: thousands of frames a second cost a few wake-ups. */
export class Pace {
  readonly #wheels = new Map<number, { slots: Set<() => void>[]; timer: NodeJS.Timeout; next: number }>()

  /** Calls `tick` every `everyMs` until it is stopped by the answer. Those that begin together are spread. */
  every(everyMs: number, tick: () => void): () => void {
    const wheel = this.#wheels.get(everyMs) ?? this.#addWheel(everyMs)
    const slot = wheel.slots.reduce((least, candidate) => (candidate.size < least.size ? candidate : least))
    slot.add(tick)
    return () => slot.delete(tick)
  }

  #addWheel(everyMs: number) {
    const count = Math.max(1, Math.min(8, Math.floor(everyMs / 5)))
    const slots = Array.from({ length: count }, () => new Set<() => void>())
    const turn = () => {
      for (const tick of slots[wheel.next]!) tick()
      wheel.next = (wheel.next + 1) % count
    }
    const wheel = { slots, timer: setInterval(turn, Math.max(1, everyMs / count)), next: 0 }
    this.#wheels.set(everyMs, wheel)
    return wheel
  }

  stop(): void {
    for (const { timer } of this.#wheels.values()) clearInterval(timer)
    this.#wheels.clear()
  }
}
