import type { BodyOf, SecondFactorMethod, secondFactorEndpoints, User } from '@parley/contract'
import { ParleyError } from '@parley/sdk'
import { Button, Callout, TextField } from '@parley/ui'
import { useMutation } from '@tanstack/react-query'
import { Fingerprint, LifeBuoy, Smartphone } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { parley } from '../../parley.ts'
import { AuthPage } from './auth-page.tsx'
import { CodeField } from './security/code-field.tsx'
import { explainFailure } from './security/explain.ts'
import { askForPasskey, canUsePasskeys } from './security/passkey-browser.ts'

type Answer = BodyOf<typeof secondFactorEndpoints.answerSecondFactor>

const leads: Record<SecondFactorMethod, string> = {
  totp: 'Open your authenticator app and enter its code.',
  passkey: 'Confirm with your fingerprint, face, PIN or security key.',
  'recovery-code': 'Enter one of the recovery codes that you kept. It works this once.',
}
const others = {
  totp: { label: 'Use your authenticator app', icon: Smartphone },
  passkey: { label: 'Use a passkey', icon: Fingerprint },
  'recovery-code': { label: 'Use a recovery code', icon: LifeBuoy },
}

/** The second step of a sign-in. */
export function SecondStep({
  challenge,
  methods,
  onSignedIn,
  onBack,
}: {
  challenge: string
  methods: SecondFactorMethod[]
  onSignedIn: (user: User) => Promise<void>
  onBack: () => void
}) {
  const usable = methods.filter((method) => method !== 'passkey' || canUsePasskeys())
  const [method, setMethod] = useState(usable.includes('passkey') ? 'passkey' : usable[0])
  const answer = useMutation({
    mutationFn: async (code: string) => parley.auth.secondFactor(await answerWith(method, challenge, code)),
    onSuccess: ({ user }) => onSignedIn(user),
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    answer.mutate(String(new FormData(event.currentTarget).get('code') ?? ''))
  }
  const over = answer.error instanceof ParleyError && answer.error.code === 'sign_in_expired'
  return (
    <AuthPage
      title="One more step"
      lead={method ? leads[method] : 'Your second factor cannot be used in this browser.'}
    >
      <div className="flex flex-col gap-5">
        {answer.error && (
          <Callout tone="danger" live>
            {explainFailure(answer.error)}
          </Callout>
        )}
        {method && !over && (
          // A key for each method: what was typed for one is nothing for another.
          <form key={method} onSubmit={submit} className="flex flex-col gap-5">
            {method === 'totp' && <CodeField autoFocus />}
            {method === 'recovery-code' && (
              <TextField
                label="Recovery code"
                name="code"
                autoComplete="off"
                autoCapitalize="off"
                spellCheck={false}
                maxLength={50}
                required
                autoFocus
                className="[&_input]:font-mono"
              />
            )}
            <Button
              type="submit"
              variant="primary"
              size="large"
              loading={answer.isPending}
              autoFocus={method === 'passkey'}
            >
              {method === 'passkey' ? 'Use passkey' : 'Sign in'}
            </Button>
          </form>
        )}
        <div className="flex flex-col items-start gap-1">
          {!over &&
            usable
              .filter((other) => other !== method)
              .map((other) => {
                const { label, icon: Icon } = others[other]
                return (
                  <Button
                    key={other}
                    variant="ghost"
                    onClick={() => {
                      answer.reset()
                      setMethod(other)
                    }}
                  >
                    <Icon aria-hidden="true" /> {label}
                  </Button>
                )
              })}
          <Button variant="ghost" onClick={onBack}>
            Back to sign-in
          </Button>
        </div>
      </div>
    </AuthPage>
  )
}

async function answerWith(method: SecondFactorMethod | undefined, challenge: string, code: string): Promise<Answer> {
  if (method === 'passkey') {
    return { method, challenge, response: await askForPasskey(await parley.auth.secondFactorPasskey(challenge)) }
  }
  return { method: method === 'totp' ? 'totp' : 'recovery-code', challenge, code }
}
