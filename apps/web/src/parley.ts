import { createParley } from '@parley/sdk'
import { QueryClient } from '@tanstack/react-query'
import { refusedForGood } from './features/shell/explain-error.ts'

export const parley = createParley()

export const queryClient = new QueryClient({
  defaultOptions: {
    // The changes socket says when something is old; focus and reconnection fetch anew as well.
    queries: { staleTime: 30_000, retry: (failures, error) => failures < 3 && !refusedForGood(error) },
  },
})
