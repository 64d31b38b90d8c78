import type { Person } from '@parley/contract'
import { Badge, Button, Callout, ConfirmDialog, EmptyState, Skeleton, TextField, useToast } from '@parley/ui'
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { UserPlus, UsersRound } from 'lucide-react'
import { useDeferredValue, useState } from 'react'
import { parley } from '../../../parley.ts'
import { explainError } from '../../shell/explain-error.ts'
import { formatDate } from '../../shell/format.ts'
import { Panel, SettingsHead } from '../../shell/settings-layout.tsx'
import { useTitle } from '../../shell/use-title.ts'
import { useMay, useMe } from '../me.ts'
import { Invitations } from './invitations.tsx'
import { InviteDialog } from './invite-dialog.tsx'
import { listRoles, RoleSelect, roleNameOf } from './role-select.tsx'

const pageSize = 50

/** Who is in the workspace, with which role, and who is invited. */
export function PeoplePage() {
  useTitle('People')
  const me = useMe()
  const mayManage = useMay('people:manage')
  const [inviting, setInviting] = useState(false)
  const [search, setSearch] = useState('')
  const wanted = useDeferredValue(search.trim())
  const list = useInfiniteQuery({
    queryKey: ['people', wanted],
    queryFn: ({ pageParam, signal }) =>
      parley.people.list({ limit: pageSize, search: wanted || undefined, cursor: pageParam }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  })
  const people = list.data?.pages.flatMap((page) => page.data) ?? []
  return (
    <>
      <SettingsHead
        title="People"
        action={
          mayManage && (
            <Button variant="primary" onClick={() => setInviting(true)}>
              <UserPlus aria-hidden="true" /> Invite
            </Button>
          )
        }
      >
        Who is in {me?.workspace.name ?? 'this workspace'}, and what they may do.
      </SettingsHead>
      <div className="flex flex-col gap-6">
        <TextField
          label="Search people"
          labelHidden
          type="search"
          placeholder="Search by name or address"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
        {list.isPending && <Skeleton label="Loading people" />}
        {list.error && (
          <Callout tone="danger" actions={<Button onClick={() => list.refetch()}>Try again</Button>}>
            {explainError(list.error)}
          </Callout>
        )}
        {list.data && people.length === 0 && (
          <EmptyState icon={<UsersRound />} title="Nobody by that name">
            No name and no address here has “{wanted}” in it.
          </EmptyState>
        )}
        {people.length > 0 && (
          <Panel>
            <ul aria-label="People" className="divide-y divide-border">
              {people.map((person) => (
                <PersonRow key={person.id} person={person} isMe={person.id === me?.id} />
              ))}
            </ul>
          </Panel>
        )}
        {list.hasNextPage && (
          <Button className="self-center" loading={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
            Show more
          </Button>
        )}
        {mayManage && <Invitations />}
      </div>
      {inviting && <InviteDialog onClose={() => setInviting(false)} />}
    </>
  )
}

function PersonRow({ person, isMe }: { person: Person; isMe: boolean }) {
  const [removing, setRemoving] = useState(false)
  const client = useQueryClient()
  const toast = useToast()
  const roles = useQuery(listRoles)
  const held = person.customRole?.id ?? person.role
  const refresh = () =>
    Promise.all(['people', 'invitations', 'me'].map((key) => client.invalidateQueries({ queryKey: [key] })))
  const change = useMutation({
    mutationFn: (roleId: string) => parley.roles.assign(roleId, person.id),
    onSuccess: (_, roleId) => {
      const undo = { label: 'Undo', onSelect: () => change.mutate(held) }
      const name = roleNameOf(roles.data?.data ?? [], roleId)
      toast({ message: `${person.name} is ${name} now.`, tone: 'success', action: undo })
    },
    onError: (error) => toast({ message: explainError(error), tone: 'danger' }),
    onSettled: refresh,
  })
  const remove = async () => {
    try {
      await parley.people.remove(person.id)
      toast({ message: `${person.name} is out.`, tone: 'success' })
    } catch (error) {
      toast({ message: explainError(error), tone: 'danger' })
    }
    await refresh()
  }
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-5 py-4">
      <span
        aria-hidden="true"
        className="grid size-9 shrink-0 place-items-center rounded-full bg-accent-soft font-display font-semibold text-accent"
      >
        {[...person.name][0]?.toUpperCase()}
      </span>
      <div className="min-w-44 flex-1">
        <p className="flex items-center gap-2 font-medium">
          <bdi className="truncate">{person.name}</bdi> {isMe && <Badge>you</Badge>}
        </p>
        <p className="break-all text-sm text-text-muted">
          {person.email} · here since {formatDate(person.joinedAt)}
        </p>
      </div>
      {person.manageable ? (
        <RoleSelect
          label={`Role of ${person.name}`}
          value={held}
          busy={change.isPending}
          onChange={(roleId) => change.mutate(roleId)}
        />
      ) : (
        <Badge>{person.customRole?.name ?? roleNameOf(roles.data?.data ?? [], person.role)}</Badge>
      )}
      {person.manageable && !isMe && (
        <Button variant="ghost" size="small" onClick={() => setRemoving(true)} aria-label={`Remove ${person.name}`}>
          Remove
        </Button>
      )}
      <ConfirmDialog
        open={removing}
        onOpenChange={setRemoving}
        title={`Remove ${person.name}?`}
        description="They are signed out of this workspace at once, and their API keys and invitations stop working. What they wrote stays. To come back they need a new invitation."
        confirmLabel="Remove"
        danger
        onConfirm={remove}
      />
    </li>
  )
}
