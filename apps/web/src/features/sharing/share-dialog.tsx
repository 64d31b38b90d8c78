import type { Conversation, Grant, Level, Subject } from '@parley/contract'
import { Button, Callout, copyText, Dialog, Skeleton, useToast } from '@parley/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Globe, Link as LinkIcon } from 'lucide-react'
import { useState } from 'react'
import { parley } from '../../parley.ts'
import { useMay, useMe } from '../identity/me.ts'
import { explainError } from '../shell/explain-error.ts'
import { GrantList, type LevelChoice, LevelSelect } from './grant-list.tsx'
import { SubjectPicker } from './subject-picker.tsx'

/** The levels of a conversation in words. */
const conversationLevels: readonly LevelChoice[] = [
  { level: 'view', label: 'Can read' },
  { level: 'use', label: 'Can write' },
  { level: 'edit', label: 'Can write and rename' },
  { level: 'manage', label: 'Can share and delete' },
]

/** Whom a conversation is shared with; who manages it shares it with more, or takes it back. */
export function ShareDialog({ conversation, onClose }: { conversation: Conversation; onClose: () => void }) {
  const { id, title, level, owner } = conversation
  const me = useMe()
  const client = useQueryClient()
  const toast = useToast()
  const navigate = useNavigate()
  const [givenLevel, setGivenLevel] = useState<Level>('use')
  const mayFind = useMay('people:read')
  const mayManage = useMay('conversations:write') && level === 'manage'
  const queryKey = ['grants', id]
  const grants = useQuery({
    queryKey,
    queryFn: ({ signal }) => parley.conversations.grants(id, { limit: 200 }, { signal }),
  })
  const rows = grants.data?.data ?? []
  const settle = () =>
    Promise.all(
      [queryKey, ['conversation', id], ['conversations']].map((key) => client.invalidateQueries({ queryKey: key })),
    )
  const share = useMutation({
    mutationFn: (body: { subject: Subject; level: Level }) => parley.conversations.share(id, body),
    onSettled: settle,
  })
  const remove = useMutation({
    mutationFn: (grant: Grant) => parley.conversations.unshare(id, grant.id),
    onSuccess: (_, { name, subject }) => {
      const mine = subject.kind === 'user' && subject.id === me?.id
      toast({
        message: mine ? `You left “${title}”.` : `Not shared with ${name} any more.`,
        ...(mine
          ? {}
          : {
              action: {
                label: 'Undo',
                onSelect: () =>
                  share.mutate({ subject, level: rows.find((row) => row.name === name)?.level ?? 'view' }),
              },
            }),
      })
      if (mine) void navigate({ to: '/' })
    },
    onSettled: settle,
  })
  const everyone = rows.find(({ subject }) => subject.kind === 'workspace')
  const taken = new Set([
    ...rows.flatMap(({ subject }) => (subject.kind === 'workspace' ? [] : [subject.id])),
    owner?.id ?? me?.id ?? '',
  ])
  const copyLink = async () => {
    const copied = await copyText(`${location.origin}/c/${id}`)
    toast({
      message: copied ? 'Link copied. It works for those it is shared with.' : 'The browser did not allow copying.',
    })
  }
  const error = share.error ?? remove.error
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`Share “${title}”`}
      actions={
        <>
          <Button onClick={() => void copyLink()}>
            <LinkIcon aria-hidden="true" /> Copy link
          </Button>
          <Button variant="primary" onClick={onClose}>
            Done
          </Button>
        </>
      }
    >
      {error && (
        <Callout tone="danger" live>
          {explainError(error)}
        </Callout>
      )}
      {mayManage && mayFind && (
        <div className="flex flex-wrap items-end gap-3">
          <div className="min-w-56 flex-1">
            <SubjectPicker
              label="Add people and groups"
              placeholder="Name or email"
              without={taken}
              onPick={(subject) => share.mutate({ subject: { kind: subject.kind, id: subject.id }, level: givenLevel })}
            />
          </div>
        </div>
      )}
      {mayManage && (
        <div className="flex flex-wrap items-center justify-between gap-3 text-sm">
          <span className="flex items-center gap-2 text-text-muted">
            Whom you add
            <LevelSelect
              label="What those you add may do"
              choices={conversationLevels}
              value={givenLevel}
              onChange={setGivenLevel}
            />
          </span>
          {!everyone && (
            <Button
              size="small"
              onClick={() => share.mutate({ subject: { kind: 'workspace' }, level: 'view' })}
              loading={share.isPending && share.variables.subject.kind === 'workspace'}
            >
              <Globe aria-hidden="true" /> Everyone in {me?.workspace.name}
            </Button>
          )}
        </div>
      )}
      {!mayManage && (
        <p className="text-sm text-text-muted">
          {owner ? `It belongs to ${owner.name}.` : ''} You see whom it is shared with; who manages it can change that.
        </p>
      )}
      {grants.isPending && <Skeleton lines={3} />}
      {grants.error && <Callout tone="danger">{explainError(grants.error)}</Callout>}
      {grants.data && rows.length === 0 && (
        <p className="rounded-md bg-surface px-4 py-3 text-sm text-text-muted">
          Only you see it. Those you add see all of it, what was written before included, with its files.
        </p>
      )}
      {rows.length > 0 && (
        <GrantList
          grants={rows}
          choices={conversationLevels}
          mayManage={mayManage}
          myId={me?.id}
          onLevel={(grant, next) => share.mutate({ subject: grant.subject, level: next })}
          onRemove={(grant) => remove.mutate(grant)}
        />
      )}
    </Dialog>
  )
}
