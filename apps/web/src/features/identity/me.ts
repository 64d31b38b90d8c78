import type { Scope, User } from '@parley/contract'
import { ParleyError } from '@parley/sdk'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { parley } from '../../parley.ts'

/** The signed-in person, or null. */
export const findMe = queryOptions({
  queryKey: ['me'],
  queryFn: async ({ signal }): Promise<User | null> => {
    try {
      return await parley.me.get({ signal })
    } catch (error) {
      if (error instanceof ParleyError && error.status === 401) return null
      throw error
    }
  },
  staleTime: 5 * 60_000,
})

/** The signed-in person; only for pages behind the sign-in. */
export function useMe(): User | undefined {
  return useQuery(findMe).data ?? undefined
}

/** Whether the signed-in person may do what the scope says. */
export function useMay(scope: Scope): boolean {
  return useMe()?.scopes.includes(scope) ?? false
}
