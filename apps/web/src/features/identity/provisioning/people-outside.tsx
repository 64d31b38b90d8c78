import type { ProvisionedPerson } from '@parley/contract'
import { Badge, Button, Callout, Skeleton, useToast } from '@parley/ui'
import { useInfiniteQuery, useMutation } from '@tanstack/react-query'
import { parley } from '../../../parley.ts'
import { explainError } from '../../shell/explain-error.ts'
import { formatDate } from '../../shell/format.ts'

const states = { suspended: 'suspended', waiting: 'asked', declined: 'declined' } as const

/** Those whom the directory lists and who are not in: it keeps them out, or they have not agreed. */
export function PeopleOutside() {
  const people = useInfiniteQuery({
    queryKey: ['provisioned-people'],
    queryFn: ({ pageParam, signal }) =>
      parley.provisioning.people(pageParam === undefined ? {} : { cursor: pageParam }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  })
  const { data, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage } = people
  return (
    <div className="mt-5 border-border border-t pt-4">
      <h3 className="text-sm text-text-muted">Not in the workspace</h3>
      {isPending && <Skeleton />}
      {error && <Callout tone="danger">{explainError(error)}</Callout>}
      <ul className="divide-y divide-border">
        {data?.pages
          .flatMap((page) => page.data)
          .map((person) => (
            <Person key={person.id} person={person} onAsked={() => people.refetch()} />
          ))}
      </ul>
      {hasNextPage && (
        <Button size="small" loading={isFetchingNextPage} onClick={() => fetchNextPage()}>
          Show more
        </Button>
      )}
    </div>
  )
}

function Person({ person, onAsked }: { person: ProvisionedPerson; onAsked: () => unknown }) {
  const { name, userName, state, offeredAt, changedAt } = person
  const toast = useToast()
  const ask = useMutation({
    mutationFn: () => parley.provisioning.repeatOffer(person.id),
    onSuccess: () => {
      toast({ message: `${name} was asked again, by mail.`, tone: 'success' })
      return onAsked()
    },
    onError: (failure) => toast({ message: explainError(failure), tone: 'danger' }),
  })
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 py-3">
      <div className="min-w-40 flex-1">
        <p className="break-words">{name}</p>
        <p className="break-all text-sm text-text-muted">
          {userName === name ? '' : `${userName} · `}
          {state === 'waiting' && offeredAt ? `since ${formatDate(offeredAt)}` : `since ${formatDate(changedAt)}`}
        </p>
      </div>
      <Badge tone={state === 'declined' ? 'danger' : 'neutral'}>{states[state]}</Badge>
      {state !== 'suspended' && (
        <Button
          size="small"
          variant="ghost"
          loading={ask.isPending}
          onClick={() => ask.mutate()}
          aria-label={`Ask ${name} again`}
        >
          Ask again
        </Button>
      )}
    </li>
  )
}
