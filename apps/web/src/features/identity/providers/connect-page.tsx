import { Button, Callout, Spinner, TextField } from '@parley/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import type { FormEvent } from 'react'
import { parley } from '../../../parley.ts'
import { explainError } from '../../shell/explain-error.ts'
import { useTitle } from '../../shell/use-title.ts'
import { AuthPage } from '../auth-page.tsx'
import { findMe } from '../me.ts'
import { explainFailure } from '../security/explain.ts'
import { useWithProof } from '../security/proof.tsx'

const linkClass = 'font-medium text-accent underline underline-offset-4'

/** The address of a new sign-in is an account here already: its owner says so before the two are connected. */
export function ConnectPage() {
  useTitle('Connect your account')
  const pending = useQuery({
    queryKey: ['pending-connection'],
    queryFn: ({ signal }) => parley.signIn.pending({ signal }),
    staleTime: 0,
  })
  if (pending.error || pending.data?.pending === null) {
    const lead = pending.error
      ? explainError(pending.error)
      : 'Nothing waits to be connected in this browser, or it waited too long. Begin again from the sign-in page.'
    return (
      <AuthPage title="Nothing to connect" lead={lead}>
        <Link to="/login" className={linkClass}>
          Back to sign-in
        </Link>
      </AuthPage>
    )
  }
  if (!pending.data?.pending) {
    return (
      <AuthPage title="Connect your account" lead="One moment…">
        <Spinner />
      </AuthPage>
    )
  }
  const { providerName, email, signedIn, next } = pending.data.pending
  return (
    <AuthPage
      title="You have an account here"
      lead={
        <>
          <strong className="break-all font-medium text-text">{email}</strong> has signed in here before, in another
          way. Connect {providerName} with that account to use either from now on.
        </>
      }
    >
      {signedIn ? (
        <Confirm providerName={providerName} next={next} />
      ) : (
        <ByPassword providerName={providerName} next={next} />
      )}
    </AuthPage>
  )
}

function Confirm({ providerName, next }: { providerName: string; next: string }) {
  const navigate = useNavigate()
  const withProof = useWithProof()
  const connect = useMutation({
    mutationFn: () => withProof(() => parley.connectedAccounts.confirm()),
    onSuccess: () => navigate({ href: next }),
  })
  const failure = explainFailure(connect.error)
  return (
    <div className="flex flex-col gap-5">
      {failure && (
        <Callout tone="danger" live>
          {failure}
        </Callout>
      )}
      <Button variant="primary" size="large" loading={connect.isPending} onClick={() => connect.mutate()}>
        Connect {providerName}
      </Button>
      <Link to="/" className={linkClass}>
        Not now
      </Link>
    </div>
  )
}

function ByPassword({ providerName, next }: { providerName: string; next: string }) {
  const client = useQueryClient()
  const navigate = useNavigate()
  const connect = useMutation({
    mutationFn: (password: string) => parley.signIn.connectWithPassword(password),
    onSuccess: async (answer) => {
      if ('secondFactorRequired' in answer) {
        // Goes on as every sign-in with a second factor does; the challenge is of use in this browser alone.
        const asked = new URLSearchParams({ challenge: answer.challenge, methods: answer.methods.join(',') })
        await navigate({ to: '/login', search: { next }, hash: asked.toString() })
        return
      }
      client.setQueryData(findMe.queryKey, answer.user)
      await navigate({ href: next })
    },
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    connect.mutate(String(new FormData(event.currentTarget).get('password')))
  }
  return (
    <form onSubmit={submit} className="flex flex-col gap-5">
      {connect.error && (
        <Callout tone="danger" live>
          {explainError(connect.error)}
        </Callout>
      )}
      <TextField
        label="Password of that account"
        name="password"
        type="password"
        autoComplete="current-password"
        required
        autoFocus
      />
      <Button type="submit" variant="primary" size="large" loading={connect.isPending}>
        Connect {providerName} and sign in
      </Button>
      <p className="text-sm text-text-muted">
        No password?{' '}
        <Link to="/login" search={{ next: '/login/connect' }} className={linkClass}>
          Sign in the way you usually do
        </Link>{' '}
        first, then confirm here. If the account is not yours, leave this page: nothing was connected.
      </p>
    </form>
  )
}
