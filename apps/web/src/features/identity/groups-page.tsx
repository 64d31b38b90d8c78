import type { Group } from '@parley/contract'
import { Badge, Button, Callout, ConfirmDialog, EmptyState, IconButton, Skeleton, useToast } from '@parley/ui'
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { ChevronRight, Plus, UsersRound, X } from 'lucide-react'
import { useState } from 'react'
import { parley } from '../../parley.ts'
import { SubjectPicker } from '../sharing/subject-picker.tsx'
import { explainError } from '../shell/explain-error.ts'
import { Panel, SettingsHead } from '../shell/settings-page.tsx'
import { useTitle } from '../shell/use-title.ts'
import { GroupDialog } from './group-dialog.tsx'
import { useMay } from './me.ts'

export function GroupsPage() {
  useTitle('Groups')
  const mayManage = useMay('people:manage')
  const [making, setMaking] = useState(false)
  const groups = useInfiniteQuery({
    queryKey: ['groups'],
    queryFn: ({ pageParam, signal }) => parley.groups.list({ cursor: pageParam }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  })
  const rows = groups.data?.pages.flatMap((page) => page.data) ?? []
  return (
    <>
      <SettingsHead
        title="Groups"
        action={
          mayManage && (
            <Button variant="primary" onClick={() => setMaking(true)}>
              <Plus aria-hidden="true" /> New group
            </Button>
          )
        }
      >
        People under one name, to share chats and tools with all of them. Who joins later sees what was shared before.
      </SettingsHead>
      {groups.isPending && <Skeleton />}
      {groups.error && (
        <Callout tone="danger" actions={<Button onClick={() => groups.refetch()}>Try again</Button>}>
          {explainError(groups.error)}
        </Callout>
      )}
      {groups.data && rows.length === 0 && (
        <EmptyState icon={<UsersRound />} title="No groups yet">
          {mayManage ? 'Make one for a team, a project, a class.' : 'Who manages people here can make some.'}
        </EmptyState>
      )}
      <div className="flex flex-col gap-4">
        {rows.map((group) => (
          <GroupPanel key={group.id} group={group} mayManage={mayManage} />
        ))}
      </div>
      {groups.hasNextPage && (
        <Button className="mt-4" loading={groups.isFetchingNextPage} onClick={() => groups.fetchNextPage()}>
          Show more
        </Button>
      )}
      {making && <GroupDialog onClose={() => setMaking(false)} />}
    </>
  )
}

function GroupPanel({ group, mayManage }: { group: Group; mayManage: boolean }) {
  const client = useQueryClient()
  const toast = useToast()
  const [open, setOpen] = useState(false)
  const [editing, setEditing] = useState(false)
  const [deleting, setDeleting] = useState(false)
  const { id, name, description, externalId, role, memberCount } = group
  const remove = async () => {
    try {
      await parley.groups.delete(id)
      toast({ message: `“${name}” is deleted.`, tone: 'success' })
      await client.invalidateQueries({ queryKey: ['groups'] })
    } catch (error) {
      toast({ message: explainError(error), tone: 'danger' })
    }
  }
  return (
    <Panel>
      <div className="flex flex-wrap items-start gap-x-4 gap-y-2 px-5 py-4">
        <div className="min-w-48 flex-1">
          <h2 className="flex flex-wrap items-center gap-2 font-medium">
            <span className="break-words">{name}</span>
            {externalId !== null && <Badge>from a directory</Badge>}
            {role && <Badge tone="accent">{`gives ${role.name}`}</Badge>}
          </h2>
          {description && <p className="break-words text-sm text-text-muted">{description}</p>}
        </div>
        {mayManage && (
          <div className="flex gap-1">
            <Button size="small" onClick={() => setEditing(true)} aria-label={`Edit ${name}`}>
              Edit
            </Button>
            {role === null && (
              <Button size="small" variant="ghost" onClick={() => setDeleting(true)} aria-label={`Delete ${name}`}>
                Delete
              </Button>
            )}
          </div>
        )}
      </div>
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="-outline-offset-2 flex w-full cursor-pointer items-center gap-2 border-border border-t px-5 py-2.5 text-start text-sm text-text-muted hover:bg-surface hover:text-text"
      >
        <ChevronRight aria-hidden="true" className={open ? 'size-4 rotate-90' : 'size-4 rtl:rotate-180'} />
        {memberCount === 1 ? '1 person' : `${memberCount} people`}
        <span className="sr-only"> in {name}</span>
      </button>
      {open && role && mayManage && (
        <p className="border-border border-t px-5 py-3 text-sm text-text-muted">
          It gives its people a role, so that only your directory says who is in it. What it gives is under
          Provisioning.
        </p>
      )}
      {open && <Members group={group} mayManage={mayManage && role === null} />}
      {editing && <GroupDialog group={group} onClose={() => setEditing(false)} />}
      <ConfirmDialog
        open={deleting}
        onOpenChange={setDeleting}
        title={`Delete “${name}”?`}
        description="What was shared with it is shared with its people no more, at once. The people stay. This cannot be undone."
        confirmLabel="Delete group"
        danger
        onConfirm={remove}
      />
    </Panel>
  )
}

function Members({ group: { id, name }, mayManage }: { group: Group; mayManage: boolean }) {
  const client = useQueryClient()
  const toast = useToast()
  const queryKey = ['group-members', id]
  const members = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => parley.groups.members(id, { cursor: pageParam, limit: 100 }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  })
  const change = useMutation({
    mutationFn: ({ userId, add }: { userId: string; add: boolean }) =>
      add ? parley.groups.addMember(id, userId) : parley.groups.removeMember(id, userId),
    onError: (error) => toast({ message: explainError(error), tone: 'danger' }),
    onSettled: () => Promise.all([queryKey, ['groups']].map((key) => client.invalidateQueries({ queryKey: key }))),
  })
  const rows = members.data?.pages.flatMap((page) => page.data) ?? []
  return (
    <div className="flex flex-col gap-4 border-border border-t px-5 py-4">
      {mayManage && (
        <SubjectPicker
          label={`Add people to ${name}`}
          placeholder="Name or email"
          only="user"
          without={new Set(rows.map((row) => row.id))}
          onPick={(person) => change.mutate({ userId: person.id, add: true })}
        />
      )}
      {members.isPending && <Skeleton lines={3} />}
      {members.error && <p className="text-danger text-sm">{explainError(members.error)}</p>}
      {members.data && rows.length === 0 && <p className="text-sm text-text-muted">Nobody is in it yet.</p>}
      {rows.length > 0 && (
        <ul aria-label={`People in ${name}`} className="divide-y divide-border">
          {rows.map((person) => (
            <li key={person.id} className="flex items-center gap-3 py-2 text-sm">
              <span className="min-w-0 flex-1">
                <span className="block truncate">{person.name}</span>
                <span className="block truncate text-text-muted text-xs">{person.email}</span>
              </span>
              {mayManage && (
                <IconButton
                  label={`Remove ${person.name} from ${name}`}
                  size="small"
                  tooltip={false}
                  onClick={() => {
                    change.mutate({ userId: person.id, add: false })
                    toast({
                      message: `${person.name} is not in “${name}” any more.`,
                      action: { label: 'Undo', onSelect: () => change.mutate({ userId: person.id, add: true }) },
                    })
                  }}
                >
                  <X />
                </IconButton>
              )}
            </li>
          ))}
        </ul>
      )}
      {members.hasNextPage && (
        <Button size="small" loading={members.isFetchingNextPage} onClick={() => members.fetchNextPage()}>
          Show more
        </Button>
      )}
    </div>
  )
}
