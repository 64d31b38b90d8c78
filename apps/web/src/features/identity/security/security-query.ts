import { queryOptions, useQuery } from '@tanstack/react-query'
import { parley } from '../../../parley.ts'

/** How the signed-in person's account is secured. */
export const findSecurity = queryOptions({
  queryKey: ['security'],
  queryFn: ({ signal }) => parley.security.get({ signal }),
  staleTime: 60_000,
})

export function useSecurity() {
  return useQuery(findSecurity)
}

export const listPasskeys = queryOptions({
  queryKey: ['passkeys'],
  queryFn: async ({ signal }) => (await parley.passkeys.list({ signal })).data,
})

export const listSessions = queryOptions({
  queryKey: ['sessions'],
  queryFn: async ({ signal }) => (await parley.sessions.list({ signal })).data,
})
