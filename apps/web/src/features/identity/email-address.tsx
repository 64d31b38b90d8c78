import type { User } from '@parley/contract'
import { ParleyError } from '@parley/sdk'
import { Button, Callout, TextField, useToast } from '@parley/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { Panel } from '../shell/settings-page.tsx'
import { findMe } from './me.ts'
import { explainFailure } from './security/explain.ts'
import { useWithProof } from './security/proof.tsx'

/** The person's address: whether it is confirmed, and how to change it. */
export function EmailAddress({ me }: { me: User }) {
  const toast = useToast()
  const client = useQueryClient()
  const setup = useQuery({ queryKey: ['setup'], queryFn: ({ signal }) => parley.auth.setup({ signal }) })
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const verify = useMutation({
    mutationFn: () => parley.me.requestEmailVerification(),
    onSuccess: () => toast({ message: `A link is on its way to ${me.email}.`, tone: 'success' }),
    onError: (error) => toast({ message: explainError(error), tone: 'danger' }),
  })
  const withProof = useWithProof()
  const change = useMutation({
    mutationFn: () => withProof(() => parley.me.changeEmail({ email, currentPassword: password })),
    onSuccess: () => {
      setPassword('')
      return client.invalidateQueries({ queryKey: findMe.queryKey })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    change.mutate()
  }
  const failure = explainFailure(change.error)
  const fields = change.error instanceof ParleyError ? change.error.fields : {}
  return (
    <Panel className="p-6">
      <h2 className="mb-4 font-medium">Email address</h2>
      {!me.emailVerified && setup.data?.sendsMail && (
        <Callout
          className="mb-4"
          tone="warning"
          title="Not confirmed yet"
          actions={
            <Button size="small" loading={verify.isPending} onClick={() => verify.mutate()}>
              Send me a link
            </Button>
          }
        >
          Confirm that {me.email} is yours, so that you can get in by it when you forget your password.
        </Callout>
      )}
      <form onSubmit={submit} className="flex max-w-sm flex-col gap-4">
        {change.data?.pending && (
          <Callout tone="success" live>
            Open the link that we mailed to {email}. Until then your address stays.
          </Callout>
        )}
        {failure && Object.keys(fields).length === 0 && (
          <Callout tone="danger" live>
            {failure}
          </Callout>
        )}
        <TextField
          label="New email address"
          type="email"
          autoComplete="email"
          hint={`Now it is ${me.email}.`}
          required
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          error={fields.email}
        />
        <TextField
          label="Your password"
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          error={fields.currentPassword}
        />
        <Button type="submit" className="self-start" loading={change.isPending}>
          Change address
        </Button>
      </form>
    </Panel>
  )
}
