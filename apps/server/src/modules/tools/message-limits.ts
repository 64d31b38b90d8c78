/** A larger message, and with it a larger result, is not read to its end. */
export const maxMessageBytes = 50 * 1024 * 1024

const windowMs = 250
const messagesPerWindow = 250

/** How fast a server may be listened to, so that one that floods does not keep the process from all else (P9). */
export class MessageBudget {
  #windowStart = 0
  #messages = 0

  count(messages = 1): void {
    const now = performance.now()
    if (now - this.#windowStart >= windowMs) {
      this.#windowStart = now
      this.#messages = 0
    }
    this.#messages += messages
  }

  /** How long not to read on; 0 while within bounds. A burst is paid for: many windows' messages pause as many. */
  pauseMs(): number {
    if (this.#messages <= messagesPerWindow) return 0
    return Math.min(5_000, windowMs * Math.floor(this.#messages / messagesPerWindow))
  }
}
