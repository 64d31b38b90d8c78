import type { Level } from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'
import { requireAccess } from '../sharing/index.ts'
import { findPreset, type PresetRow } from './store.ts'

/**
 * A preset of the actor's, or one they were given access to. `lock`: nobody else changes it until the transaction ends.
 * @throws AppError not_found when there is none or it is not theirs to see; forbidden when they may see it but not `least`
 */
export async function openPreset(ctx: Ctx, id: string, least: Level, options?: { lock: boolean }): Promise<PresetRow> {
  return requireAccess(await findPreset(ctx, id, options), 'preset', least)
}
