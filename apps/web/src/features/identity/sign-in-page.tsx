import type { SecondFactorMethod, SignInAnswer } from '@parley/contract'
import { Button, Callout, TextField } from '@parley/ui'
import { useMutation, useQuery } from '@tanstack/react-query'
import { getRouteApi, Link, useRouterState } from '@tanstack/react-router'
import { Fingerprint } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { parley } from '../../parley.ts'
import { useTitle } from '../shell/use-title.ts'
import { AuthPage } from './auth-page.tsx'
import { textLink } from './link-problem.tsx'
import { findSignInOptions, OrDivider, ProviderButtons } from './providers/provider-buttons.tsx'
import { SecondStep } from './second-step.tsx'
import { explainFailure } from './security/explain.ts'
import { usePasskeyAutofill } from './security/passkey-autofill.ts'
import { askForPasskey, canUsePasskeys } from './security/passkey-browser.ts'
import { useSignedIn } from './use-signed-in.ts'

const route = getRouteApi('/login')

interface Step {
  challenge: string
  methods: SecondFactorMethod[]
}

/** Signs in with email and password, then the second factor of those who have one; or with a passkey alone. */
export function SignInPage() {
  useTitle('Sign in')
  const { next, workspace } = route.useSearch()
  const options = useQuery(findSignInOptions(workspace)).data
  const [showsPassword, setShowsPassword] = useState(false)
  const setup = useQuery({ queryKey: ['setup'], queryFn: ({ signal }) => parley.auth.setup({ signal }) })
  const signedIn = useSignedIn(next)
  // A way of signing in that leads away and back asks for the second factor in the fragment.
  const hash = useRouterState({ select: (state) => state.location.hash })
  const [step, setStep] = useState<Step | undefined>(() => stepIn(hash))
  const proceed = async (answer: SignInAnswer) => {
    if ('secondFactorRequired' in answer) setStep(answer)
    else await signedIn(answer.user)
  }
  const password = useMutation({
    mutationFn: (form: FormData) =>
      parley.auth.login({ email: String(form.get('email')), password: String(form.get('password')) }),
    onSuccess: proceed,
  })
  const passkey = useMutation({
    mutationFn: async () => parley.auth.passkey(await askForPasskey(await parley.auth.passkeyOptions())),
    onSuccess: proceed,
  })
  const [autofillError, setAutofillError] = useState<unknown>()
  const restartAutofill = usePasskeyAutofill({
    enabled: step === undefined,
    onAnswer: proceed,
    onError: setAutofillError,
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    passkey.reset()
    password.mutate(new FormData(event.currentTarget))
  }
  if (step) {
    return (
      <SecondStep
        {...step}
        onSignedIn={signedIn}
        onBack={() => {
          history.replaceState(history.state, '', location.pathname + location.search)
          password.reset()
          setStep(undefined)
        }}
      />
    )
  }
  // Members cannot use anything else where single sign-on is the only way; owners can.
  const onlyProviders = options?.ssoOnly && !showsPassword
  const failure = explainFailure(password.error ?? passkey.error ?? autofillError)
  return (
    <AuthPage title="Welcome back" lead="Sign in to go on where you left off.">
      <ProviderButtons workspaceId={workspace} next={next} />
      {onlyProviders ? (
        <Button variant="ghost" className="mt-6 w-full" onClick={() => setShowsPassword(true)}>
          Sign in with a password instead
        </Button>
      ) : (
        options && options.providers.length > 0 && <OrDivider />
      )}
      {failure && (
        <Callout className="mb-5" tone="danger" live>
          {failure}
        </Callout>
      )}
      <div className="flex flex-col gap-5" hidden={onlyProviders}>
        <form onSubmit={submit} className="flex flex-col gap-5">
          <TextField label="Email" name="email" type="email" autoComplete="username webauthn" required autoFocus />
          <TextField label="Password" name="password" type="password" autoComplete="current-password" required />
          <Link to="/forgot-password" className={textLink}>
            Forgot your password?
          </Link>
          <Button type="submit" variant="primary" size="large" loading={password.isPending}>
            Sign in
          </Button>
        </form>
        {canUsePasskeys() && (
          <Button
            size="large"
            loading={passkey.isPending}
            onClick={() => {
              password.reset()
              setAutofillError(undefined)
              // The browser asks for one passkey at a time: what waited in the email field has ended.
              passkey.mutate(undefined, { onError: restartAutofill })
            }}
          >
            <Fingerprint aria-hidden="true" /> Sign in with a passkey
          </Button>
        )}
        {setup.data?.signup === 'open' && (
          <p className="text-text-muted">
            New here?{' '}
            <Link to="/sign-up" className={textLink}>
              Sign up
            </Link>
          </p>
        )}
      </div>
    </AuthPage>
  )
}

/** `challenge=…&methods=totp,passkey`, as `signInPath` on the server writes it. */
function stepIn(hash: string): Step | undefined {
  const asked = new URLSearchParams(hash)
  const challenge = asked.get('challenge')
  if (!challenge) return undefined
  const known: SecondFactorMethod[] = ['totp', 'passkey', 'recovery-code']
  const methods = (asked.get('methods') ?? '').split(',')
  return { challenge, methods: known.filter((method) => methods.includes(method)) }
}
