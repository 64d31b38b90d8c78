import { createParley } from '@parley/sdk'
import { MutationCache, QueryCache, QueryClient } from '@tanstack/react-query'
import { refusedForGood } from './features/shell/explain-error.ts'
import { leaveIfSignedOut } from './features/shell/leave-if-signed-out.ts'

/** For the list of one's sessions. */
const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone

export const parley = createParley({ headers: { 'parley-time-zone': timeZone } })

export const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError: leaveIfSignedOut }),
  mutationCache: new MutationCache({ onError: leaveIfSignedOut }),
  defaultOptions: {
    // The changes socket says when something is old; focus and reconnection fetch anew as well.
    queries: { staleTime: 30_000, retry: (failures, error) => failures < 3 && !refusedForGood(error) },
  },
})
