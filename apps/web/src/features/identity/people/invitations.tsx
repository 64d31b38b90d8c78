import type { Invitation } from '@parley/contract'
import { Badge, type BadgeTone, Button, Callout, CopyButton, useToast } from '@parley/ui'
import { useInfiniteQuery, useMutation, useQueryClient } from '@tanstack/react-query'
import { parley } from '../../../parley.ts'
import { explainError } from '../../shell/explain-error.ts'
import { formatDate } from '../../shell/format.ts'
import { Panel } from '../../shell/settings-page.tsx'

const tones: Record<Invitation['state'], BadgeTone> = {
  open: 'accent',
  accepted: 'success',
  expired: 'warning',
  revoked: 'neutral',
}

/** Invitations that wait or have expired. */
export function Invitations() {
  const list = useInfiniteQuery({
    queryKey: ['invitations'],
    queryFn: ({ pageParam, signal }) => parley.invitations.list({ limit: 50, cursor: pageParam }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  })
  const invitations = list.data?.pages.flatMap((page) => page.data) ?? []
  if (list.data && invitations.length === 0) return null
  return (
    <section aria-labelledby="invitations">
      <h2 id="invitations" className="mb-3 font-display text-xl">
        Invitations
      </h2>
      {list.error && <Callout tone="danger">{explainError(list.error)}</Callout>}
      {invitations.length > 0 && (
        <Panel>
          <ul aria-labelledby="invitations" className="divide-y divide-border">
            {invitations.map((invitation) => (
              <InvitationRow key={invitation.id} invitation={invitation} />
            ))}
          </ul>
        </Panel>
      )}
      {list.hasNextPage && (
        <Button className="mt-4" loading={list.isFetchingNextPage} onClick={() => list.fetchNextPage()}>
          Show more
        </Button>
      )}
    </section>
  )
}

function InvitationRow({ invitation }: { invitation: Invitation }) {
  const { id, email, role, state, url, uses, maxUses, expiresAt, invitedBy } = invitation
  const client = useQueryClient()
  const toast = useToast()
  const onSettled = () => client.invalidateQueries({ queryKey: ['invitations'] })
  const onError = (error: Error) => toast({ message: explainError(error), tone: 'danger' })
  const resend = useMutation({
    mutationFn: () => parley.invitations.resend(id),
    onSuccess: (again) => toast({ message: again.sentAt ? `Sent to ${email} again.` : 'Renewed.', tone: 'success' }),
    onError,
    onSettled,
  })
  const revoke = useMutation({
    mutationFn: () => parley.invitations.revoke(id),
    onSuccess: () => toast({ message: 'Revoked. Nobody comes in by it any more.', tone: 'success' }),
    onError,
    onSettled,
  })
  const what = email ?? 'Link'
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-5 py-4">
      <div className="min-w-44 flex-1">
        <p className="break-all font-medium">{what}</p>
        <p className="text-sm text-text-muted">
          {role.name} · by {invitedBy ?? 'somebody who left'} · {state === 'expired' ? 'expired' : 'until'}{' '}
          {formatDate(expiresAt)}
          {email === null && ` · ${uses} of ${maxUses} used`}
        </p>
      </div>
      <Badge tone={tones[state]}>{state === 'open' ? 'waiting' : state}</Badge>
      {url && <CopyButton text={url} label={`Copy link for ${what}`} size="medium" />}
      <Button
        variant="ghost"
        size="small"
        loading={resend.isPending}
        onClick={() => resend.mutate()}
        aria-label={`${invitation.sentAt ? 'Send again' : 'Renew'}: ${what}`}
      >
        {invitation.sentAt ? 'Send again' : 'Renew'}
      </Button>
      <Button
        variant="ghost"
        size="small"
        loading={revoke.isPending}
        onClick={() => revoke.mutate()}
        aria-label={`Revoke: ${what}`}
      >
        Revoke
      </Button>
    </li>
  )
}
