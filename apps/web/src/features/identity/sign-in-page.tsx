import { Button, Callout, TextField } from '@parley/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { useTitle } from '../shell/use-title.ts'
import { AuthPage } from './auth-page.tsx'
import { textLink } from './link-problem.tsx'
import { findMe } from './me.ts'
import { findSignInOptions, OrDivider, ProviderButtons } from './providers/provider-buttons.tsx'

const route = getRouteApi('/login')

export function SignInPage() {
  useTitle('Sign in')
  const { next, workspace } = route.useSearch()
  const options = useQuery(findSignInOptions(workspace)).data
  const [showsPassword, setShowsPassword] = useState(false)
  const navigate = useNavigate()
  const client = useQueryClient()
  const setup = useQuery({ queryKey: ['setup'], queryFn: ({ signal }) => parley.auth.setup({ signal }) })
  const signIn = useMutation({
    mutationFn: (form: FormData) =>
      parley.auth.login({ email: String(form.get('email')), password: String(form.get('password')) }),
    onSuccess: async (answer) => {
      if (!('user' in answer)) return
      client.setQueryData(findMe.queryKey, answer.user)
      await navigate({ href: next ?? '/' })
    },
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    signIn.mutate(new FormData(event.currentTarget))
  }
  return (
    <AuthPage title="Welcome back" lead="Sign in to go on where you left off.">
      <ProviderButtons workspaceId={workspace} next={next} />
      {options?.ssoOnly && !showsPassword ? (
        <Button variant="ghost" className="mt-6 w-full" onClick={() => setShowsPassword(true)}>
          Sign in with a password instead
        </Button>
      ) : (
        options && options.providers.length > 0 && <OrDivider />
      )}
      <form
        onSubmit={submit}
        className="flex flex-col gap-5"
        // Members cannot use it where single sign-on is the only way; owners can.
        hidden={options?.ssoOnly && !showsPassword}
      >
        {signIn.error && (
          <Callout tone="danger" live>
            {explainError(signIn.error)}
          </Callout>
        )}
        <TextField label="Email" name="email" type="email" autoComplete="username" required autoFocus />
        <TextField label="Password" name="password" type="password" autoComplete="current-password" required />
        <Link to="/forgot-password" className={textLink}>
          Forgot your password?
        </Link>
        <Button type="submit" variant="primary" size="large" loading={signIn.isPending}>
          Sign in
        </Button>
        {setup.data?.signup === 'open' && (
          <p className="text-text-muted">
            New here?{' '}
            <Link to="/sign-up" className={textLink}>
              Sign up
            </Link>
          </p>
        )}
      </form>
    </AuthPage>
  )
}
