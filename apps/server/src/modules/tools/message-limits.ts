/** A larger message, and with it a larger result, is not read to its end. */
export const maxMessageBytes = 50 * 1024 * 1024

const windowMs = 200
const messagesPerWindow = 50

/** How fast a server may be listened to, so that one that floods does not keep the process from all else (P9). */
export class MessageBudget {
  #windowEnds = 0
  #messages = 0

  /** Counts a message; answers how long to wait before the next one, 0 while within bounds. */
  spend(): number {
    const now = performance.now()
    if (now >= this.#windowEnds) {
      this.#windowEnds = now + windowMs
      this.#messages = 0
    }
    this.#messages++
    return this.#messages < messagesPerWindow ? 0 : this.#windowEnds - now
  }
}
