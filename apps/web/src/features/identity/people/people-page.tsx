import { Button, Callout, EmptyState, Skeleton, TextField } from '@parley/ui'
import { useInfiniteQuery } from '@tanstack/react-query'
import { UserPlus, UsersRound } from 'lucide-react'
import { useDeferredValue, useState } from 'react'
import { parley } from '../../../parley.ts'
import { explainError } from '../../shell/explain-error.ts'
import { Panel, SettingsHead } from '../../shell/settings-page.tsx'
import { useTitle } from '../../shell/use-title.ts'
import { useMay, useMe } from '../me.ts'
import { Invitations } from './invitations.tsx'
import { InviteDialog } from './invite-dialog.tsx'
import { PersonRow } from './person-row.tsx'

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
