import { ParleyError } from '@parley/sdk'
import { Button, Callout } from '@parley/ui'
import { useMutation } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { parley, queryClient } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { useTitle } from '../shell/use-title.ts'
import { AuthPage } from './auth-page.tsx'
import { useLinkInfo } from './inspect-link.ts'
import { LinkProblem, textLink } from './link-problem.tsx'
import { findMe } from './me.ts'
import { PasswordField } from './password-field.tsx'
import { useLinkToken } from './use-link-token.ts'

export function ResetPasswordPage() {
  useTitle('Choose a new password')
  const token = useLinkToken()
  const link = useLinkInfo(token)
  const [password, setPassword] = useState('')
  const save = useMutation({
    mutationFn: () => parley.auth.resetPassword({ token: token ?? '', newPassword: password }),
    // Whoever was signed in here is not any more.
    onSuccess: () => queryClient.removeQueries({ queryKey: findMe.queryKey }),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate()
  }
  if (save.isSuccess) {
    return (
      <AuthPage title="Your password is new" lead="You were signed out everywhere. Sign in with it.">
        <Link to="/login" className={textLink}>
          Go to sign-in
        </Link>
      </AuthPage>
    )
  }
  if (!link.data) {
    return (
      <LinkProblem error={link.error} remedy="Ask for a new one on the sign-in page, by “Forgot your password?”." />
    )
  }
  const fields = save.error instanceof ParleyError ? save.error.fields : {}
  return (
    <AuthPage title="Choose a new password" lead={`For ${link.data.email}. You will be signed out everywhere.`}>
      <form onSubmit={submit} className="flex flex-col gap-5">
        {save.error && !fields.newPassword && (
          <Callout tone="danger" live>
            {explainError(save.error)}
          </Callout>
        )}
        <input type="hidden" autoComplete="username" value={link.data.email ?? ''} readOnly />
        <PasswordField
          label="New password"
          name="new-password"
          value={password}
          onChange={setPassword}
          personal={[link.data.email ?? '']}
          error={fields.newPassword}
        />
        <Button type="submit" variant="primary" size="large" loading={save.isPending}>
          Save password
        </Button>
      </form>
    </AuthPage>
  )
}
