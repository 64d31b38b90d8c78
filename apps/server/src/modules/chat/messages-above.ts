import type { Ctx } from '../../platform/context.ts'
import { listBranch, type MessageRow } from '../conversations/index.ts'

/** Messages are read from the database in pages of this many, newest first, as far as they are wanted. */
const pageSize = 40

/** The messages above the one a run writes. They do not change any more: each is read once, however many steps there are. */
export class MessagesAbove {
  readonly #conversationId: string
  /** Newest first. */
  readonly #rows: MessageRow[] = []
  /** Id of the next one to read; null after the first message of the conversation. */
  #next: string | null

  constructor(
    written: { conversationId: string; parentId: string | null },
    /** The first of them, where it is known already. */
    question: MessageRow | undefined,
  ) {
    this.#conversationId = written.conversationId
    this.#next = written.parentId
    if (question) this.#add([question])
  }

  /** Turns, newest first: each begins with what a person said. */
  async *turns(ctx: Ctx): AsyncGenerator<MessageRow[]> {
    let turn: MessageRow[] = []
    for (let index = 0; ; index += 1) {
      if (index === this.#rows.length && !(await this.#readMore(ctx))) return
      const row = this.#rows[index]!
      turn.unshift(row)
      if (row.role !== 'user') continue
      yield turn
      turn = []
    }
  }

  /** Whether nothing was said before the question, as far as is known without looking. */
  get isFirstTurn(): boolean {
    return this.#next === null && this.#rows.filter((row) => row.role === 'user').length <= 1
  }

  async #readMore(ctx: Ctx): Promise<boolean> {
    if (this.#next === null) return false
    const rows = await listBranch(ctx, this.#conversationId, this.#next, pageSize)
    this.#add(rows)
    return rows.length > 0
  }

  #add(rows: MessageRow[]): void {
    this.#rows.push(...rows)
    this.#next = rows.at(-1)?.parentId ?? null
  }
}
