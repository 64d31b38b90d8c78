import type { Ctx } from '../../platform/context.ts'
import { AppError } from '../../platform/errors.ts'
import { openPreset } from './open-preset.ts'

export { migrations } from './migrations.ts'
export { presentNamedPreset } from './present.ts'
export { mountPresets } from './routes.ts'
export { shareablePreset } from './share-preset.ts'
export { type NamedPreset, namedPreset, type UsablePreset, usablePreset } from './store.ts'

/**
 * A preset to chat with from now on. What the actor's role or key may not read, it does not choose either.
 * @throws AppError not_found, forbidden
 */
export async function requireUsable(ctx: Ctx, id: string): Promise<{ model: string | null }> {
  if (!ctx.actor.scopes.has('presets:read')) {
    throw new AppError('forbidden', 'Choosing a preset takes the permission presets:read.')
  }
  return openPreset(ctx, id, 'use')
}
