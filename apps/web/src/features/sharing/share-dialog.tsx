import type { Grant, Level, Scope, Subject } from '@parley/contract'
import { Button, Callout, copyText, Dialog, Skeleton, useToast } from '@parley/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Globe, Link as LinkIcon } from 'lucide-react'
import { useState } from 'react'
import type { parley } from '../../parley.ts'
import { useMay, useMe } from '../identity/me.ts'
import { explainError } from '../shell/explain-error.ts'
import { GrantList, type LevelChoice, LevelSelect } from './grant-list.tsx'
import { SubjectPicker } from './subject-picker.tsx'

/** Something that is shared, with the words and calls of its kind. */
export interface SharedThing {
  id: string
  title: string
  /** What the person may do with it. */
  level: Level
  owner: { name: string; id: string } | null
  calls: Pick<typeof parley.conversations, 'grants' | 'share' | 'unshare'>
  /** What sharing it takes besides the level. */
  permission: Scope
  levels: readonly LevelChoice[]
  /** What everyone in the workspace gets at first. */
  levelForAll: Level
  /** Giving up one's own share. */
  leave: string
  /** What is said where it is shared with nobody. */
  ifNobody: string
  /** Path of the page that opens it. */
  link: string
  /** What shows whether it is shared. */
  queryKeys: string[][]
}

/** Whom something is shared with; who manages it shares it with more, or takes it back. */
export function ShareDialog({
  thing,
  onClose,
  onLeft,
}: {
  thing: SharedThing
  onClose: () => void
  /** The person gave it up: it is not there for them any more. */
  onLeft?: () => void
}) {
  const { id, title, level, owner, calls, levels } = thing
  const me = useMe()
  const client = useQueryClient()
  const toast = useToast()
  const [givenLevel, setGivenLevel] = useState<Level>('use')
  const mayFind = useMay('people:read')
  const mayManage = useMay(thing.permission) && level === 'manage'
  const queryKey = ['grants', id]
  const grants = useQuery({
    queryKey,
    queryFn: ({ signal }) => calls.grants(id, { limit: 200 }, { signal }),
  })
  const rows = grants.data?.data ?? []
  const settle = () =>
    Promise.all([queryKey, ...thing.queryKeys].map((key) => client.invalidateQueries({ queryKey: key })))
  const share = useMutation({
    mutationFn: (body: { subject: Subject; level: Level }) => calls.share(id, body),
    onSettled: settle,
  })
  const remove = useMutation({
    mutationFn: (grant: Grant) => calls.unshare(id, grant.id),
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
      if (mine) onLeft?.()
    },
    onSettled: settle,
  })
  const everyone = rows.find(({ subject }) => subject.kind === 'workspace')
  const taken = new Set([
    ...rows.flatMap(({ subject }) => (subject.kind === 'workspace' ? [] : [subject.id])),
    owner?.id ?? me?.id ?? '',
  ])
  const copyLink = async () => {
    const copied = await copyText(location.origin + thing.link)
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
              choices={levels}
              value={givenLevel}
              onChange={setGivenLevel}
            />
          </span>
          {!everyone && (
            <Button
              size="small"
              onClick={() => share.mutate({ subject: { kind: 'workspace' }, level: thing.levelForAll })}
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
        <p className="rounded-md bg-surface px-4 py-3 text-sm text-text-muted">{thing.ifNobody}</p>
      )}
      {rows.length > 0 && (
        <GrantList
          grants={rows}
          choices={levels}
          mayManage={mayManage}
          myId={me?.id}
          leave={thing.leave}
          onLevel={(grant, next) => share.mutate({ subject: grant.subject, level: next })}
          onRemove={(grant) => remove.mutate(grant)}
        />
      )}
    </Dialog>
  )
}
