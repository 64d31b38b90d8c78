import pg from 'pg'

/** A statement that was sent this often is worth a name. */
const oftenEnough = 3
/** Each name takes memory on each connection; a program has far fewer statements than this that it sends all the time. */
const mostNames = 400
const mostCounted = 5_000

/**
 * Names for statements that come again and again. A server parses and plans a named statement once for each connection,
 * instead of each time.
 */
export class StatementNames {
  readonly #names = new Map<string, string | undefined>()
  readonly #counts = new Map<string, number>()
  #given = 0

  /** The name of a statement; undefined where it has none. */
  nameOf(text: string): string | undefined {
    const known = this.#names.get(text)
    if (known !== undefined || this.#names.has(text)) return known
    const count = (this.#counts.get(text) ?? 0) + 1
    if (count < oftenEnough) {
      if (this.#counts.size >= mostCounted) this.#counts.clear()
      this.#counts.set(text, count)
      return undefined
    }
    this.#counts.delete(text)
    if (this.#names.size >= mostNames) return undefined
    const name = answersAllColumns(text) ? undefined : `parley_${++this.#given}`
    this.#names.set(text, name)
    return name
  }
}

/**
 * A client of `pg` that sends its statements by name. All clients of the class use the same names, as the embedded
 * database needs it, where they share a session.
 */
export function preparingClient(): typeof pg.Client {
  const names = new StatementNames()
  class PreparingClient extends pg.Client {
    // biome-ignore lint/suspicious/noExplicitAny: `query` has ten signatures; all but one are passed on as they are
    override query(text: any, values?: any, callback?: any): any {
      const name = typeof text === 'string' && Array.isArray(values) ? names.nameOf(text) : undefined
      if (name === undefined) return super.query(text, values, callback)
      return super.query({ name, text, values }, callback)
    }
  }
  return PreparingClient
}

/**
 * Whether the columns of the answer are those that the table has (`select *`, `returning *`). Such a statement would fail,
 * where it is prepared, once a newer release adds a column.
 */
export function answersAllColumns(text: string): boolean {
  let outermost = ''
  let depth = 0
  for (const [piece] of text.matchAll(/"[^"]*"|'[^']*'|[()]|[^"'()]+/g)) {
    if (piece === '(') depth += 1
    else if (piece === ')') depth -= 1
    else if (depth === 0) outermost += /^["']/.test(piece) ? 'name' : piece
  }
  return /(select|distinct|returning|,)\s+(\w+\.)?\*/i.test(outermost)
}
