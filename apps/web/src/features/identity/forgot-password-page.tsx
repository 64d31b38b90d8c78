import { Button, Callout, TextField } from '@parley/ui'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { FormEvent } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { useTitle } from '../shell/use-title.ts'
import { AuthPage } from './auth-page.tsx'
import { MailSent, textLink } from './link-problem.tsx'

export function ForgotPasswordPage() {
  useTitle('Forgot your password?')
  const setup = useQuery({ queryKey: ['setup'], queryFn: ({ signal }) => parley.auth.setup({ signal }) })
  const ask = useMutation({ mutationFn: (email: string) => parley.auth.requestPasswordReset(email) })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    ask.mutate(String(new FormData(event.currentTarget).get('email')))
  }
  if (ask.isSuccess) {
    return (
      <MailSent email={ask.variables}>
        If there is an account with this address, a link to choose a new password is on its way. It works for an hour.
      </MailSent>
    )
  }
  return (
    <AuthPage title="Forgot your password?" lead="We mail you a link to choose a new one.">
      <form onSubmit={submit} className="flex flex-col gap-5">
        {ask.error && (
          <Callout tone="danger" live>
            {explainError(ask.error)}
          </Callout>
        )}
        {setup.data?.sendsMail === false && (
          <Callout tone="warning" title="This server sends no mail">
            The link is kept on the server instead. Ask whoever runs it to hand it to you.
          </Callout>
        )}
        <TextField label="Email" name="email" type="email" autoComplete="username" required autoFocus />
        <Button type="submit" variant="primary" size="large" loading={ask.isPending}>
          Send me a link
        </Button>
        <Link to="/login" className={textLink}>
          Back to sign-in
        </Link>
      </form>
    </AuthPage>
  )
}
