import type { PresetSummary } from '@parley/contract'
import { parley } from '../../parley.ts'
import type { LevelChoice } from '../sharing/grant-list.tsx'
import type { SharedThing } from '../sharing/share-dialog.tsx'

/** The levels of a preset in words. */
export const presetLevels: readonly LevelChoice[] = [
  { level: 'view', label: 'Can read' },
  { level: 'use', label: 'Can chat' },
  { level: 'edit', label: 'Can chat and change' },
  { level: 'manage', label: 'Can share and delete' },
]

/** A preset as the dialog shares it. */
export function sharePreset({ id, name, level, owner }: PresetSummary): SharedThing {
  return {
    id,
    title: name,
    level,
    owner,
    calls: parley.presets,
    permission: 'presets:write',
    levels: presetLevels,
    levelForAll: 'use',
    leave: 'Give up this preset',
    ifNobody: 'Only you have it. Whoever you add can read its instructions.',
    link: `/?preset=${id}`,
    queryKeys: [['preset', id], ['presets']],
  }
}
