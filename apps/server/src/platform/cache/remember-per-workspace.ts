import { type Actor, type Ctx, type Platform, perServer, whenCommitted } from '../context.ts'

/** A replica that the bus does not reach sees a change after this long at the latest. */
const keptMs = 5_000
const keptWorkspaces = 10_000

/** Where it is read: someone's context, or the platform with the workspace alone. */
type InWorkspace = Platform & { actor: Pick<Actor, 'workspaceId'> }

/** Something of each workspace that this process remembers. */
export interface Remembered<T, C extends InWorkspace = Ctx> {
  /** As it is now; inside a transaction read anew. Do not change what you get: others get the same. */
  read(ctx: C): Promise<T>
  /** It was changed, in the transaction of `ctx` if it is in one: every process forgets what it knows. */
  changed(ctx: Platform, workspaceId: string): void
  /** Calls back whenever it was changed, by any process. */
  onChanged(platform: Platform, listener: (workspaceId: string) => void): void
}

/**
 * For what every message needs and people change rarely: `load` runs once, for however many ask at once, until someone
 * says that it changed. `name` is its channel on the bus.
 */
export function rememberPerWorkspace<T, C extends InWorkspace = Ctx>(
  name: string,
  load: (ctx: C) => Promise<T>,
): Remembered<T, C> {
  const channel = `changed:${name}`
  const memory = perServer(({ bus }) => {
    const entries = new Map<string, { value: Promise<T>; until: number }>()
    // What is being loaded meanwhile is forgotten as well: it may have been read before the change.
    bus.subscribe(channel, (workspaceId) => entries.delete(workspaceId as string))
    return entries
  })

  return {
    async read(ctx) {
      if (ctx.db.isTransaction) return load(ctx)
      const entries = memory(ctx)
      const { workspaceId } = ctx.actor
      const now = performance.now()
      const known = entries.get(workspaceId)
      if (known && known.until > now) return known.value
      const entry = { value: load(ctx), until: now + keptMs }
      entries.delete(workspaceId) // back in at the end: the first are those loaded longest ago
      entries.set(workspaceId, entry)
      for (const oldest of entries.keys()) {
        if (entries.size <= keptWorkspaces) break
        entries.delete(oldest)
      }
      try {
        return await entry.value
      } catch (error) {
        if (entries.get(workspaceId) === entry) entries.delete(workspaceId)
        throw error
      }
    },
    changed(ctx, workspaceId) {
      whenCommitted(ctx, () => ctx.bus.publish(channel, workspaceId))
    },
    onChanged(platform, listener) {
      memory(platform) // which forgets it first
      platform.bus.subscribe(channel, (workspaceId) => listener(workspaceId as string))
    },
  }
}
