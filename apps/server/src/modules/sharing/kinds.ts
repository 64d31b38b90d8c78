import type { Level } from '@parley/contract'
import { type Ctx, type Platform, perServer } from '../../platform/context.ts'
import { AppError } from '../../platform/errors.ts'

/** A kind of thing that can be shared; the module that owns the things says how. */
export interface ShareableKind {
  kind: 'conversation' | 'preset' | 'mcp-server'
  /** Levels that mean something for it. */
  levels: readonly Level[]
  /**
   * Makes sure that the actor may do at least this with the one thing; in a transaction, no one else changes it until
   * the end.
   * @throws AppError not_found, forbidden
   */
  open(ctx: Ctx, id: string, least: Level): Promise<{ ownerId?: string }>
  /** Called in the transaction that shared it. */
  onShared?(tx: Ctx, id: string): Promise<void>
}

const kindsOf = perServer(() => new Map<string, ShareableKind>())

/** Plugs a kind in. */
export function defineShareable(platform: Platform, kind: ShareableKind): void {
  kindsOf(platform).set(kind.kind, kind)
}

/** Whether the actor may see the one thing of a kind, as the module that owns it says. */
export async function maySeeShared(ctx: Ctx, kind: ShareableKind['kind'], id: string): Promise<boolean> {
  try {
    await shareable(ctx, kind).open(ctx, id, 'view')
    return true
  } catch (error) {
    if (error instanceof AppError && error.code === 'not_found') return false
    throw error
  }
}

/** How a kind is shared. */
export function shareable(platform: Platform, kind: ShareableKind['kind']): ShareableKind {
  const found = kindsOf(platform).get(kind)
  if (found === undefined) throw new Error(`No module shares things of the kind ${kind}.`)
  return found
}
