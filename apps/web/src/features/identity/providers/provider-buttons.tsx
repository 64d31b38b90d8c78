import type { SignInOption } from '@parley/contract'
import { Button, Callout } from '@parley/ui'
import { queryOptions, useMutation, useQuery } from '@tanstack/react-query'
import { parley } from '../../../parley.ts'
import { explainError } from '../../shell/explain-error.ts'
import { ProviderMark } from './provider-mark.tsx'

/** Ways to sign in to the workspace, or to the first one. */
export const findSignInOptions = (workspaceId?: string) =>
  queryOptions({
    queryKey: ['sign-in-options', workspaceId ?? null],
    queryFn: ({ signal }) => parley.signIn.options({ workspaceId }, { signal }),
    staleTime: 60_000,
  })

/** A button for each provider that is set up; nothing where there is none. */
export function ProviderButtons({ workspaceId, next }: { workspaceId?: string; next?: string }) {
  const { data } = useQuery(findSignInOptions(workspaceId))
  const start = useMutation({
    mutationFn: ({ id }: SignInOption) => parley.signIn.start(id, { next, workspaceId }),
    onSuccess: ({ url }) => window.location.assign(url),
  })
  if (!data || data.providers.length === 0) return null
  return (
    <div className="flex flex-col gap-3">
      {start.error && (
        <Callout tone="danger" live>
          {explainError(start.error)}
        </Callout>
      )}
      {data.providers.map((provider) => (
        <Button
          key={provider.id}
          size="large"
          // Until the browser has gone there.
          loading={(start.isPending || start.isSuccess) && start.variables.id === provider.id}
          onClick={() => start.mutate(provider)}
        >
          <ProviderMark kind={provider.kind} />
          Continue with {provider.name}
        </Button>
      ))}
    </div>
  )
}

/** Between the providers and the password. */
export function OrDivider() {
  return (
    <p className="my-6 flex items-center gap-4 text-sm text-text-muted before:h-px before:flex-1 before:bg-border after:h-px after:flex-1 after:bg-border">
      or
    </p>
  )
}
