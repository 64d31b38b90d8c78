import type { Conversation } from '@parley/contract'
import { ConfirmDialog, classNames, IconButton, Menu, MenuItem, stripDeceiving, useToast } from '@parley/ui'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Ellipsis, Pencil, Trash2, UsersRound } from 'lucide-react'
import { memo, useState } from 'react'
import { parley } from '../../parley.ts'
import { useMay } from '../identity/me.ts'
import { ShareDialog } from '../sharing/share-dialog.tsx'
import { explainError } from '../shell/explain-error.ts'
import { formatMoment } from '../shell/format.ts'
import { shareConversation } from './share-conversation.ts'

export const ConversationRow = memo(function ConversationRow({
  conversation,
  active,
  onDelete,
}: {
  conversation: Conversation
  active: boolean
  onDelete: (conversation: Conversation) => void
}) {
  const [renaming, setRenaming] = useState(false)
  const [deleting, setDeleting] = useState(false)
  const [sharing, setSharing] = useState(false)
  const navigate = useNavigate()
  const { id, title, activeRunId, updatedAt, owner, shared, level } = conversation
  const mayWrite = useMay('conversations:write')
  const mayRename = mayWrite && (level === 'edit' || level === 'manage')
  const mayDelete = mayWrite && level === 'manage'
  return (
    <li className="group relative">
      {renaming ? (
        <RenameField conversation={conversation} onDone={() => setRenaming(false)} />
      ) : (
        <>
          <Link
            to="/c/$id"
            params={{ id }}
            data-conversation={id}
            aria-current={active ? 'page' : undefined}
            title={`${title} — ${owner ? `${owner.name}, ` : ''}${formatMoment(updatedAt)}`}
            onDoubleClick={() => mayRename && setRenaming(true)}
            onKeyDown={(event) => {
              if (event.key === 'F2' && mayRename) setRenaming(true)
              if (event.key === 'Delete' && mayDelete) setDeleting(true)
            }}
            className={classNames(
              'flex h-9 items-center gap-2 rounded-md ps-3 pe-9 text-sm',
              active ? 'bg-accent-soft font-medium text-text' : 'text-text-muted hover:bg-sunken hover:text-text',
            )}
          >
            <span className="min-w-0 flex-1 truncate" dir="auto">
              {stripDeceiving(title)}
            </span>
            {shared && (
              <>
                <UsersRound aria-hidden="true" className="size-3.5 shrink-0 text-text-faint" />
                <span className="sr-only">{owner ? `, shared by ${owner.name}` : ', shared'}</span>
              </>
            )}
            {activeRunId && (
              <span className="size-2 shrink-0 rounded-full bg-highlight">
                <span className="sr-only">, an answer is being written</span>
              </span>
            )}
          </Link>
          <div
            className={classNames(
              'absolute inset-y-0 end-0.5 my-auto h-8 focus-within:opacity-100 group-hover:opacity-100 has-[[data-state=open]]:opacity-100',
              !active && 'opacity-0 pointer-coarse:opacity-100',
            )}
          >
            <Menu
              align="end"
              trigger={
                <IconButton label={`More for ${title}`} size="small" tooltip={false}>
                  <Ellipsis />
                </IconButton>
              }
            >
              <MenuItem icon={<UsersRound />} onSelect={() => setSharing(true)}>
                {mayDelete ? 'Share' : 'Shared with'}
              </MenuItem>
              {mayRename && (
                <MenuItem icon={<Pencil />} onSelect={() => setRenaming(true)}>
                  Rename
                </MenuItem>
              )}
              {mayDelete && (
                <MenuItem icon={<Trash2 />} danger onSelect={() => setDeleting(true)}>
                  Delete
                </MenuItem>
              )}
            </Menu>
          </div>
        </>
      )}
      {sharing && (
        <ShareDialog
          thing={shareConversation(conversation)}
          onClose={() => setSharing(false)}
          onLeft={() => active && void navigate({ to: '/' })}
        />
      )}
      <ConfirmDialog
        open={deleting}
        onOpenChange={setDeleting}
        title="Delete this chat?"
        description={`“${title}” and all its messages will be gone. You can undo it for a few seconds.`}
        confirmLabel="Delete chat"
        danger
        onConfirm={() => onDelete(conversation)}
      />
    </li>
  )
})

function RenameField({ conversation, onDone }: { conversation: Conversation; onDone: () => void }) {
  const client = useQueryClient()
  const toast = useToast()
  const [title, setTitle] = useState(conversation.title)
  const rename = useMutation({
    mutationFn: (next: string) => parley.conversations.update(conversation.id, { title: next }),
    onSuccess: (updated) => {
      client.setQueryData(['conversation', conversation.id], updated)
      return client.invalidateQueries({ queryKey: ['conversations'] })
    },
    onError: (error) => toast({ message: explainError(error), tone: 'danger' }),
    onSettled: onDone,
  })
  const finish = () => {
    const next = title.trim()
    if (rename.isPending) return
    if (next && next !== conversation.title) rename.mutate(next)
    else onDone()
  }
  return (
    <input
      // biome-ignore lint/a11y/noAutofocus: asked for by the person, who goes on typing here.
      autoFocus
      aria-label="Name of the chat"
      value={title}
      maxLength={200}
      onFocus={(event) => event.currentTarget.select()}
      onChange={(event) => setTitle(event.currentTarget.value)}
      onBlur={finish}
      onKeyDown={(event) => {
        if (event.key === 'Enter' && !event.nativeEvent.isComposing) finish()
        if (event.key === 'Escape') onDone()
      }}
      className="h-9 w-full rounded-md border border-accent bg-raised px-3 text-sm"
    />
  )
}
