import { useQuery } from '@tanstack/react-query'
import { parley } from '../../parley.ts'

const missing = new Error('The link is not complete.')

/** What a mailed link or an invitation is for. */
export function useLinkInfo(token: string | undefined) {
  return useQuery({
    queryKey: ['link', token],
    queryFn: ({ signal }) => {
      if (token === undefined) throw missing
      return parley.auth.inspectLink(token, { signal })
    },
    retry: false,
  })
}
