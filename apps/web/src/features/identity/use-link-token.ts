import { useRouterState } from '@tanstack/react-router'

/** The token of a mailed link: in the fragment of the address, which reaches neither logs nor other sites. */
export function useLinkToken(): string | undefined {
  const hash = useRouterState({ select: (state) => state.location.hash })
  return new URLSearchParams(hash).get('token') ?? undefined
}
