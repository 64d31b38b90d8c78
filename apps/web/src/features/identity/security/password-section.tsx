import { ParleyError } from '@parley/sdk'
import { Button, Callout, TextField, useToast } from '@parley/ui'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { parley } from '../../../parley.ts'
import { Panel } from '../../shell/settings-page.tsx'
import { PasswordField } from '../password-field.tsx'
import { explainFailure } from './explain.ts'
import { useWithProof } from './proof.tsx'
import { findSecurity, listSessions } from './security-query.ts'

/** Changes the password, or sets the first one of somebody who signs in some other way. */
export function PasswordSection({ hasPassword }: { hasPassword: boolean }) {
  const toast = useToast()
  const client = useQueryClient()
  const withProof = useWithProof()
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const save = useMutation({
    mutationFn: () =>
      withProof(() => parley.me.update({ newPassword: next, ...(hasPassword ? { currentPassword: current } : {}) })),
    onSuccess: () => {
      setCurrent('')
      setNext('')
      toast({ message: 'Password saved. You are signed out everywhere else.', tone: 'success' })
      void client.invalidateQueries({ queryKey: findSecurity.queryKey })
      void client.invalidateQueries({ queryKey: listSessions.queryKey })
    },
  })
  const fields = save.error instanceof ParleyError ? save.error.fields : {}
  const failure = explainFailure(save.error)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate()
  }
  return (
    <Panel className="p-6">
      <h2 className="mb-1 font-medium">Password</h2>
      <p className="mb-4 text-sm text-text-muted">A new password signs you out everywhere else.</p>
      <form onSubmit={submit} className="flex max-w-sm flex-col gap-4">
        {failure && (
          <Callout tone="danger" live>
            {failure}
          </Callout>
        )}
        {hasPassword && (
          <TextField
            label="Current password"
            type="password"
            autoComplete="current-password"
            required
            value={current}
            onChange={(event) => setCurrent(event.currentTarget.value)}
          />
        )}
        <PasswordField
          label="New password"
          name="new-password"
          value={next}
          onChange={setNext}
          error={fields.newPassword}
        />
        <Button type="submit" className="self-start" loading={save.isPending}>
          {hasPassword ? 'Change password' : 'Set password'}
        </Button>
      </form>
    </Panel>
  )
}
