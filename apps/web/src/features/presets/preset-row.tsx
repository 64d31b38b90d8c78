import type { PresetSummary } from '@parley/contract'
import { Badge, ConfirmDialog, IconButton, Menu, MenuItem, MenuSeparator, useToast } from '@parley/ui'
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Copy, Ellipsis, Eye, MessageSquarePlus, Pencil, Trash2, UsersRound } from 'lucide-react'
import { useState } from 'react'
import { parley } from '../../parley.ts'
import { useMay } from '../identity/me.ts'
import { modelName, useModels } from '../models/list-models.ts'
import { ShareDialog } from '../sharing/share-dialog.tsx'
import { explainError } from '../shell/explain-error.ts'
import { PresetDialog } from './preset-dialog.tsx'
import { PresetView } from './preset-view.tsx'
import { presetLevels, sharePreset } from './share-preset.ts'

/** A preset with what can be done with it. */
export function PresetRow({ preset }: { preset: PresetSummary }) {
  const { id, name, description, owner, level, shared, model, serverIds } = preset
  const client = useQueryClient()
  const toast = useToast()
  const models = useModels()
  const mayWrite = useMay('presets:write')
  const mayChat = useMay('conversations:write') && level !== 'view'
  const mayEdit = mayWrite && (level === 'edit' || level === 'manage')
  const [shown, setShown] = useState<'dialog' | 'sharing' | 'deleting'>()
  const close = () => setShown(undefined)
  const settle = () => client.invalidateQueries({ queryKey: ['presets'] })
  const duplicate = async () => {
    try {
      const copy = await parley.presets.duplicate(id)
      toast({ message: `“${copy.name}” is yours to change.`, tone: 'success' })
      await settle()
    } catch (error) {
      toast({ message: explainError(error), tone: 'danger' })
    }
  }
  const remove = async () => {
    try {
      await parley.presets.delete(id)
      toast({ message: `“${name}” is deleted.`, tone: 'success' })
      await settle()
    } catch (error) {
      toast({ message: explainError(error), tone: 'danger' })
    }
  }
  return (
    <li className="flex items-start gap-3 px-5 py-4">
      <div className="min-w-0 flex-1">
        <h3 className="flex flex-wrap items-center gap-x-2.5 gap-y-1.5 font-medium">
          <span className="break-words" dir="auto">
            {name}
          </span>
          {owner && <Badge>{`${owner.name} · ${labelOf(level)}`}</Badge>}
          {!owner && shared && (
            <Badge>
              <UsersRound aria-hidden="true" /> shared
            </Badge>
          )}
        </h3>
        {description && (
          <p className="mt-0.5 break-words text-sm text-text-muted" dir="auto">
            {description}
          </p>
        )}
        <p className="mt-1 text-text-faint text-xs">
          {model === null ? 'Default model' : modelName(models, model)} · {toolsOf(serverIds)}
        </p>
      </div>
      {mayChat && (
        <Link
          to="/"
          search={{ preset: id }}
          aria-label={`New chat with ${name}`}
          className="inline-flex h-8 shrink-0 items-center gap-1.5 rounded-sm border border-border-strong/60 bg-raised px-2 font-medium text-sm hover:border-border-strong hover:bg-surface sm:px-3"
        >
          <MessageSquarePlus aria-hidden="true" className="size-4" /> <span className="max-sm:hidden">Chat</span>
        </Link>
      )}
      <Menu
        align="end"
        trigger={
          <IconButton label={`More for ${name}`} size="small">
            <Ellipsis />
          </IconButton>
        }
      >
        <MenuItem icon={mayEdit ? <Pencil /> : <Eye />} onSelect={() => setShown('dialog')}>
          {mayEdit ? 'Edit' : 'Look at it'}
        </MenuItem>
        <MenuItem icon={<UsersRound />} onSelect={() => setShown('sharing')}>
          Share
        </MenuItem>
        {mayWrite && (
          <MenuItem icon={<Copy />} onSelect={() => void duplicate()}>
            Duplicate
          </MenuItem>
        )}
        {mayWrite && level === 'manage' && (
          <>
            <MenuSeparator />
            <MenuItem icon={<Trash2 />} danger onSelect={() => setShown('deleting')}>
              Delete
            </MenuItem>
          </>
        )}
      </Menu>
      {shown === 'dialog' &&
        (mayEdit ? <PresetDialog id={id} onClose={close} /> : <PresetView id={id} onClose={close} />)}
      {shown === 'sharing' && <ShareDialog thing={sharePreset(preset)} onClose={close} />}
      <ConfirmDialog
        open={shown === 'deleting'}
        onOpenChange={close}
        title={`Delete “${name}”?`}
        description={`Chats that use it go on without it${shared ? ', also those of the people it is shared with' : ''}. This cannot be undone.`}
        confirmLabel="Delete preset"
        danger
        onConfirm={remove}
      />
    </li>
  )
}

function labelOf(level: PresetSummary['level']): string {
  const { label } = presetLevels.find((choice) => choice.level === level)!
  return label.slice(0, 1).toLowerCase() + label.slice(1)
}

function toolsOf(serverIds: string[] | null): string {
  if (serverIds === null) return 'all tools'
  if (serverIds.length === 0) return 'no tools'
  return serverIds.length === 1 ? 'tools of 1 server' : `tools of ${serverIds.length} servers`
}
