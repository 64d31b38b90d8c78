import type { Part } from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'
import type { MessagesAbove } from './messages-above.ts'

/**
 * Whether the model may have read text that no person here wrote: what a tool answered (or how it failed), a file, a
 * source. Looks at the whole branch, also at what no longer fits in the model's window: what it made of a text stays.
 */
export async function hasReadUntrusted(ctx: Ctx, written: { parts: Part[] }, above: MessagesAbove): Promise<boolean> {
  if (holdsUntrusted(written.parts)) return true
  for await (const turn of above.turns(ctx)) {
    if (turn.some(({ parts }) => holdsUntrusted(parts))) return true
  }
  return false
}

export function holdsUntrusted(parts: Part[]): boolean {
  return parts.some((part) => {
    switch (part.type) {
      case 'tool-call':
        // One that was called has a duration, even where all that came of it is an error's text.
        return part.result !== undefined || part.durationMs !== undefined
      case 'file':
        return true
      default:
        return part.origin === 'tool' || part.origin === 'file' || part.origin === 'web'
    }
  })
}
