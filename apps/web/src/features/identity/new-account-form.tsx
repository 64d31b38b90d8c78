import { ParleyError } from '@parley/sdk'
import { Button, Callout, TextField } from '@parley/ui'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { findMe } from './me.ts'
import { PasswordField } from './password-field.tsx'

/** Name and password of a new account, and its address where nothing says it yet. */
export function NewAccountForm({
  proof,
  email,
}: {
  proof: { link?: string; invitation?: string }
  email: string | null
}) {
  const navigate = useNavigate()
  const client = useQueryClient()
  const [name, setName] = useState('')
  const [typed, setTyped] = useState('')
  const [password, setPassword] = useState('')
  const register = useMutation({
    mutationFn: () => parley.auth.register({ ...proof, email: email ?? typed, name, password }),
    onSuccess: async ({ user }) => {
      client.setQueryData(findMe.queryKey, user)
      await navigate({ to: '/' })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    register.mutate()
  }
  const fields = register.error instanceof ParleyError ? register.error.fields : {}
  return (
    <form onSubmit={submit} className="flex flex-col gap-5">
      {register.error && Object.keys(fields).length === 0 && (
        <Callout tone="danger" live>
          {explainError(register.error)}
        </Callout>
      )}
      <TextField
        label="Your name"
        name="name"
        autoComplete="name"
        maxLength={100}
        required
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={fields.name}
      />
      {email === null ? (
        <TextField
          label="Email"
          name="email"
          type="email"
          autoComplete="username"
          required
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
          error={fields.email}
        />
      ) : (
        <input type="hidden" name="email" autoComplete="username" value={email} readOnly />
      )}
      <PasswordField
        name="password"
        value={password}
        onChange={setPassword}
        personal={[name, email ?? typed]}
        error={fields.password}
      />
      <Button type="submit" variant="primary" size="large" loading={register.isPending}>
        Make my account
      </Button>
    </form>
  )
}
