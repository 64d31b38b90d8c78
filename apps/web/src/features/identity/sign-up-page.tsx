import { Button, Callout, TextField } from '@parley/ui'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { FormEvent } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { useTitle } from '../shell/use-title.ts'
import { AuthPage } from './auth-page.tsx'
import { useLinkInfo } from './inspect-link.ts'
import { LinkProblem, MailSent, textLink } from './link-problem.tsx'
import { NewAccountForm } from './new-account-form.tsx'
import { useLinkToken } from './use-link-token.ts'

/** Signing up: first the address, then by the mailed link name and password. Without mail, all at once. */
export function SignUpPage() {
  useTitle('Sign up')
  const token = useLinkToken()
  const setup = useQuery({ queryKey: ['setup'], queryFn: ({ signal }) => parley.auth.setup({ signal }) })
  if (token !== undefined) return <FinishSignUp token={token} />
  if (!setup.data) return <LinkProblem error={setup.error} remedy="Try again in a moment." />
  if (setup.data.signup !== 'open') {
    return (
      <AuthPage title="Sign-up is closed" lead="Here, people are invited. Ask the owner for an invitation.">
        <Link to="/login" className={textLink}>
          Go to sign-in
        </Link>
      </AuthPage>
    )
  }
  if (setup.data.sendsMail) return <AskForLink title="Sign up" lead="We mail you a link to make your account." />
  return (
    <AuthPage title="Sign up" lead="Make your account.">
      <NewAccountForm proof={{}} email={null} />
    </AuthPage>
  )
}

function FinishSignUp({ token }: { token: string }) {
  const link = useLinkInfo(token)
  if (!link.data) return <LinkProblem error={link.error} remedy="Sign up again, or ask for another invitation." />
  return (
    <AuthPage title="Make your account" lead={`Your address is confirmed: ${link.data.email}.`}>
      <NewAccountForm proof={{ link: token }} email={link.data.email} />
    </AuthPage>
  )
}

/** Asks for the address, and has a link mailed there. */
export function AskForLink({ title, lead, invitation }: { title: string; lead: string; invitation?: string }) {
  const ask = useMutation({ mutationFn: (email: string) => parley.auth.requestSignUp({ email, invitation }) })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    ask.mutate(String(new FormData(event.currentTarget).get('email')))
  }
  if (ask.isSuccess) {
    return <MailSent email={ask.variables}>A link to make your account is on its way. It works for a day.</MailSent>
  }
  return (
    <AuthPage title={title} lead={lead}>
      <form onSubmit={submit} className="flex flex-col gap-5">
        {ask.error && (
          <Callout tone="danger" live>
            {explainError(ask.error)}
          </Callout>
        )}
        <TextField label="Email" name="email" type="email" autoComplete="email" required autoFocus />
        <Button type="submit" variant="primary" size="large" loading={ask.isPending}>
          Send me a link
        </Button>
        <p className="text-text-muted">
          You have an account?{' '}
          <Link to="/login" className={textLink}>
            Sign in
          </Link>
        </p>
      </form>
    </AuthPage>
  )
}
