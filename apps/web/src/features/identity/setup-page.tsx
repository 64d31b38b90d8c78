import { ParleyError } from '@parley/sdk'
import { Button, Callout, TextField } from '@parley/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate, useRouterState } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { useTitle } from '../shell/use-title.ts'
import { AuthPage } from './auth-page.tsx'
import { findMe } from './me.ts'
import { PasswordField } from './password-field.tsx'

const route = getRouteApi('/setup')

/** Makes the first person, who owns the workspace. The address with the token is printed when the server starts. */
export function SetupPage() {
  useTitle('Set up')
  const search = route.useSearch()
  // In the fragment it reaches neither logs nor referrers; the query is for links made by hand.
  const hash = useRouterState({ select: (state) => state.location.hash })
  const token = new URLSearchParams(hash).get('token') ?? search.token
  const navigate = useNavigate()
  const client = useQueryClient()
  const [password, setPassword] = useState('')
  const [typedToken, setTypedToken] = useState('')
  const state = useQuery({ queryKey: ['setup'], queryFn: ({ signal }) => parley.auth.setup({ signal }) })
  const register = useMutation({
    mutationFn: (form: FormData) =>
      parley.auth.register({
        name: String(form.get('name')),
        workspaceName: String(form.get('workspace')),
        email: String(form.get('email')),
        password,
        setupToken: token ?? tokenIn(typedToken),
      }),
    onSuccess: async ({ user }) => {
      client.setQueryData(findMe.queryKey, user)
      await navigate({ to: '/' })
    },
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    register.mutate(new FormData(event.currentTarget))
  }

  if (state.data && !state.data.needsOwner) {
    return (
      <AuthPage title="Already set up" lead="This server has its owner. Sign in, or ask them to invite you.">
        <Link to="/login" className="font-medium text-accent underline underline-offset-4">
          Go to sign-in
        </Link>
      </AuthPage>
    )
  }
  const fields = register.error instanceof ParleyError ? register.error.fields : {}
  return (
    <AuthPage title="Make it yours" lead="You are the first one here, and will own this workspace.">
      <form onSubmit={submit} className="flex flex-col gap-5">
        {register.error && (
          <Callout tone="danger" live>
            {explainError(register.error)}
          </Callout>
        )}
        {token === undefined && (
          <TextField
            label="Set-up link"
            hint="The server printed it when it started. Open it, or paste it here."
            value={typedToken}
            onChange={(event) => setTypedToken(event.currentTarget.value)}
            autoComplete="off"
            required
          />
        )}
        <TextField label="Your name" name="name" autoComplete="name" maxLength={100} required error={fields.name} />
        <TextField
          label="Workspace"
          name="workspace"
          hint="Your team, company or household."
          autoComplete="organization"
          maxLength={100}
          required
          error={fields.workspaceName}
        />
        <TextField label="Email" name="email" type="email" autoComplete="username" required error={fields.email} />
        <PasswordField name="password" value={password} onChange={setPassword} error={fields.password} />
        <Button type="submit" variant="primary" size="large" loading={register.isPending}>
          Create workspace
        </Button>
      </form>
    </AuthPage>
  )
}

/** People paste the whole link or the token alone. */
function tokenIn(text: string): string {
  return /[?&#]token=([^&\s]+)/.exec(text)?.[1] ?? text.trim()
}
