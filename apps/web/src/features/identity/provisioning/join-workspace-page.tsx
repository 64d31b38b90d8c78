import { ParleyError } from '@parley/sdk'
import { Button, Callout, Skeleton } from '@parley/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { parley } from '../../../parley.ts'
import { explainError } from '../../shell/explain-error.ts'
import { useTitle } from '../../shell/use-title.ts'
import { useMe } from '../me.ts'

/** Where the mail of a directory leads: join its workspace with the account one has, or do not. */
export function JoinWorkspacePage() {
  useTitle('Join a workspace')
  const me = useMe()
  const client = useQueryClient()
  const navigate = useNavigate()
  // In the fragment, which browsers send to no server.
  const [token] = useState(() => new URLSearchParams(window.location.hash.slice(1)).get('token') ?? '')
  const offer = useQuery({
    queryKey: ['workspace-offer', token],
    queryFn: ({ signal }) => parley.workspaceOffers.look(token, { signal }),
    retry: false,
  })
  const join = useMutation({
    mutationFn: () => parley.workspaceOffers.accept(token),
    onSuccess: async () => {
      // All that was loaded was of the other workspace.
      client.clear()
      await navigate({ to: '/' })
    },
  })
  const decline = useMutation({ mutationFn: () => parley.workspaceOffers.decline(token) })
  const over = offer.error instanceof ParleyError && offer.error.status === 404
  return (
    <main id="main" tabIndex={-1} className="min-h-0 flex-1 overflow-y-auto outline-none">
      <div className="mx-auto flex w-full max-w-lg flex-col gap-5 px-4 py-12">
        <h1 className="font-display text-3xl tracking-tight">
          {offer.data ? `Join ${offer.data.workspaceName}?` : 'Join a workspace'}
        </h1>
        {offer.isPending && <Skeleton />}
        {over && (
          <Callout tone="info">
            This link is for another account, or is not good any more. You are signed in as {me?.email}: if the mail
            went to another address, sign out and use that account. Otherwise ask the people of the workspace to send it
            again.
          </Callout>
        )}
        {offer.error && !over && <Callout tone="danger">{explainError(offer.error)}</Callout>}
        {decline.isSuccess && <Callout tone="success">You did not join. Nothing has changed.</Callout>}
        {offer.data && !decline.isSuccess && (
          <>
            <p className="text-text-muted">
              The directory of {offer.data.workspaceName} lists {me?.email} as one of its people. When you join, those
              who manage that workspace see your name and address. Your other workspaces stay as they are, and nobody
              there sees what you do here.
            </p>
            {(join.error ?? decline.error) && (
              <Callout tone="danger" live>
                {explainError(join.error ?? decline.error)}
              </Callout>
            )}
            <div className="flex flex-wrap gap-3">
              <Button variant="primary" loading={join.isPending} onClick={() => join.mutate()}>
                Join, and go there
              </Button>
              <Button loading={decline.isPending} onClick={() => decline.mutate()}>
                Decline
              </Button>
            </div>
          </>
        )}
      </div>
    </main>
  )
}
