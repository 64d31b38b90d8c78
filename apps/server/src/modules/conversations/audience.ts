import { type Ctx, perServer } from '../../platform/context.ts'
import { listGrantees, onAccessChanged } from '../sharing/index.ts'

/** Whose windows show a conversation. */
export interface Audience {
  userIds: string[]
  /** Everyone in the workspace. */
  everyone: boolean
}

const keptConversations = 10_000

/**
 * Who has access to conversations, remembered until anything about access changes. One that was read and is not shared
 * is known to be its owner's alone, so that telling of its changes asks nothing of the database.
 */
class Audiences {
  readonly #known = new Map<string, Audience>()
  #changes = 0

  /** To be called before a conversation is read, and the answer with what was read. */
  begin(): (row: { id: string; ownerId: string; shared: boolean }) => void {
    const changesBefore = this.#changes
    return ({ id, ownerId, shared }) => {
      if (!shared && changesBefore === this.#changes) this.#keep(id, { userIds: [ownerId], everyone: false })
    }
  }

  known(id: string): Audience | undefined {
    return this.#known.get(id)
  }

  /** Asks the database where it has to. */
  async find(ctx: Ctx, id: string): Promise<Audience> {
    const known = this.#known.get(id)
    if (known) return known
    const changesBefore = this.#changes
    const [owner, granted] = [
      await ctx.db.selectFrom('conversations').select('ownerId').where('id', '=', id).executeTakeFirst(),
      await listGrantees(ctx, 'conversation', id),
    ]
    const audience = { userIds: [...(owner ? [owner.ownerId] : []), ...granted.userIds], everyone: granted.everyone }
    if (changesBefore === this.#changes) this.#keep(id, audience)
    return audience
  }

  forget(): void {
    this.#changes++
    this.#known.clear()
  }

  #keep(id: string, audience: Audience): void {
    this.#known.set(id, audience)
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= keptConversations) break
      this.#known.delete(oldest)
    }
  }
}

export const audienceOf = perServer((platform) => {
  const audiences = new Audiences()
  onAccessChanged(platform, undefined, () => audiences.forget())
  return audiences
})
