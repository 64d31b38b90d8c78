import type { ConversationPreset } from '@parley/contract'
import { Button, classNames, Menu, MenuChoices, MenuItem, MenuLabel, MenuSeparator } from '@parley/ui'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { ChevronDown, Settings2, SlidersHorizontal, TriangleAlert } from 'lucide-react'
import { useMay } from '../identity/me.ts'
import { presetChoices } from './list-presets.ts'

const none = ''

/** Shows the preset of a chat, and chooses another one or none. Without `onChoose` it only shows it. */
export function PresetPicker({
  preset,
  onChoose,
}: {
  preset: ConversationPreset | null
  onChoose?: ((id: string | null) => void) | undefined
}) {
  const navigate = useNavigate()
  const mayRead = useMay('presets:read')
  const mayWrite = useMay('presets:write')
  const choices = useQuery({ ...presetChoices, enabled: mayRead && onChoose !== undefined })
  const { presets = [], isAll = true } = choices.data ?? {}
  if (!mayRead && !preset) return null
  if (!onChoose)
    return (
      preset && (
        <span className="flex min-w-0 items-center gap-1.5 px-3 text-sm">
          <Label {...preset} />
        </span>
      )
    )
  return (
    <Menu
      side="top"
      trigger={
        <Button
          variant="ghost"
          size="small"
          data-testid="preset-picker"
          className={classNames('min-w-0 shrink! max-sm:px-2!', preset?.usable && 'text-accent!')}
        >
          <Label {...preset} />
          <ChevronDown aria-hidden="true" className={preset ? undefined : 'max-sm:hidden'} />
        </Button>
      }
    >
      {preset && !preset.usable && (
        <>
          <p className="max-w-72 px-2.5 py-2 text-sm text-text-muted">
            The preset of this chat was deleted, or is not shared with you. What you send is answered without it.
          </p>
          <MenuSeparator />
        </>
      )}
      <MenuChoices
        value={preset?.id ?? none}
        onChange={(id) => onChoose(id === none ? null : id)}
        choices={[
          { value: none, label: 'No preset' },
          ...presets.map(({ id, name, owner, description }) => ({
            value: id,
            label: name,
            hint: [owner && `From ${owner.name}`, description].filter(Boolean).join(' · ').slice(0, 120),
          })),
        ]}
      />
      {choices.error && <MenuLabel>The presets could not be loaded.</MenuLabel>}
      <MenuSeparator />
      <MenuItem icon={<Settings2 />} onSelect={() => navigate({ to: '/settings/presets' })}>
        {presets.length === 0 && mayWrite ? 'Make a preset' : isAll && mayWrite ? 'Manage presets' : 'All presets'}
      </MenuItem>
    </Menu>
  )
}

/** Where there is none, the word for it leaves first on a narrow screen. */
function Label({ name, usable }: Partial<ConversationPreset>) {
  const Icon = usable === false ? TriangleAlert : SlidersHorizontal
  const isNone = usable === undefined
  return (
    <>
      <Icon aria-hidden="true" className={usable === false ? 'size-4 shrink-0 text-warning' : 'size-4 shrink-0'} />
      {!isNone && <span className="sr-only">Preset: </span>}
      <span className={classNames('truncate', isNone && 'max-sm:sr-only')}>
        {isNone ? 'Preset' : (name ?? 'Preset not available')}
      </span>
      {usable === false && name && <span className="sr-only"> (not available)</span>}
    </>
  )
}
