import type { User } from '@parley/contract'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { findMe } from './me.ts'

/** Somebody has signed in: remembers who, and leads on to `next`. */
export function useSignedIn(next: string | undefined): (user: User) => Promise<void> {
  const navigate = useNavigate()
  const client = useQueryClient()
  return async (user) => {
    client.setQueryData(findMe.queryKey, user)
    await navigate({ href: next ?? '/' })
  }
}
