import { Button, Callout } from '@parley/ui'
import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { parley, queryClient } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { useTitle } from '../shell/use-title.ts'
import { AuthPage } from './auth-page.tsx'
import { useLinkInfo } from './inspect-link.ts'
import { LinkProblem, textLink } from './link-problem.tsx'
import { findMe } from './me.ts'
import { useLinkToken } from './use-link-token.ts'

/** A press of a button confirms, not the visit: programs that look at links in mails visit them too. */
export function ConfirmEmailPage() {
  useTitle('Confirm your email address')
  const token = useLinkToken()
  const link = useLinkInfo(token)
  const confirm = useMutation({
    mutationFn: () => parley.auth.confirmEmail(token ?? ''),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: findMe.queryKey }),
  })
  if (confirm.isSuccess) {
    return (
      <AuthPage title="Confirmed" lead={`${confirm.data.email} is your address.`}>
        <Link to="/" className={textLink}>
          Go to Parley
        </Link>
      </AuthPage>
    )
  }
  if (!link.data) return <LinkProblem error={link.error} remedy="Ask for a new one in your account settings." />
  return (
    <AuthPage title="Confirm your email address" lead={`Is ${link.data.email} yours?`}>
      {confirm.error && (
        <Callout tone="danger" live className="mb-5">
          {explainError(confirm.error)}
        </Callout>
      )}
      <Button variant="primary" size="large" loading={confirm.isPending} onClick={() => confirm.mutate()}>
        Yes, confirm it
      </Button>
    </AuthPage>
  )
}
