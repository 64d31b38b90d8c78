import { levels } from '@parley/contract'
import type { ShareableKind } from '../sharing/index.ts'
import { openPreset } from './open-preset.ts'
import { markShared } from './store.ts'

/** How presets are shared. */
export const shareablePreset: ShareableKind = {
  kind: 'preset',
  levels,
  async open(ctx, id, least) {
    const { ownerId } = await openPreset(ctx, id, least, { lock: ctx.db.isTransaction && least !== 'view' })
    return { ownerId }
  },
  onShared: markShared,
}
