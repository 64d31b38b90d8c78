import { useMutation } from '@tanstack/react-query'
import { parley } from '../../parley.ts'
import { signsOut } from '../shell/leave-if-signed-out.ts'

/** Ends the session and loads the sign-in page anew, so that nothing of the person stays in memory. */
export function useSignOut() {
  return useMutation({
    mutationFn: () => parley.auth.logout(),
    onMutate: () => signsOut(true),
    // With an identity provider the session there ends as well; it leads back to the sign-in page.
    onSuccess: ({ continueAt }) => window.location.assign(continueAt ?? '/login'),
    onError: () => signsOut(false),
  })
}
