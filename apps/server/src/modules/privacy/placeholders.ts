import type { PrivateKind } from '@parley/contract'
import { findPrivate } from './find-private.ts'

const whole = /\[[A-Z]{2,8}(?:_[A-Z]{2,8})?_[0-9a-f]{6}\]/g
/** The end of a text that may go on as a placeholder. */
const beginning = /\[[A-Z_]{0,18}[0-9a-f]{0,6}$/

/**
 * What stands in a prompt in place of what is private: `[EMAIL_3f9a21]`. The same value is always the same placeholder, so
 * that a model can tell people apart, and a conversation that grows stays the same text. Holds the originals in memory only.
 */
export class Placeholders {
  readonly #tagOf: (kind: PrivateKind, value: string) => string
  readonly #values = new Map<string, string>()

  /** `tagOf`: six hexadecimal digits for a value, that tell nothing of it. */
  constructor(tagOf: (kind: PrivateKind, value: string) => string) {
    this.#tagOf = tagOf
  }

  redact(text: string): string {
    let told = ''
    let at = 0
    for (const { kind, start, end } of findPrivate(text)) {
      const value = text.slice(start, end)
      const placeholder = `[${kind.toUpperCase().replace('-', '_')}_${this.#tagOf(kind, value)}]`
      this.#values.set(placeholder, value)
      told += text.slice(at, start) + placeholder
      at = end
    }
    return told + text.slice(at)
  }

  /** The originals back in their places. `write` says how, such as escaped for JSON. */
  restore(text: string, write: (value: string) => string = (value) => value): string {
    return text.replace(whole, (placeholder) => {
      const value = this.#values.get(placeholder)
      return value === undefined ? placeholder : write(value)
    })
  }

  /** The same for a text that comes in pieces: what may be the beginning of a placeholder is held back until it is known. */
  restorer(write?: (value: string) => string): Restorer {
    let held = ''
    return {
      push: (delta) => {
        const text = held + delta
        held = beginning.exec(text)?.[0] ?? ''
        return this.restore(text.slice(0, text.length - held.length), write)
      },
      end: () => {
        const rest = held
        held = ''
        return this.restore(rest, write)
      },
    }
  }
}

export interface Restorer {
  push(delta: string): string
  /** What was held back. */
  end(): string
}
