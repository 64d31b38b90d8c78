import type { ScimToken } from '@parley/contract'
import { Button, Callout, CopyButton, Dialog, Select, TextField } from '@parley/ui'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { parley } from '../../../parley.ts'
import { explainError } from '../../shell/explain-error.ts'

interface Props {
  onMade: () => Promise<void>
  onClose: () => void
}

export function NewTokenDialog({ onMade, onClose }: Props) {
  const form = useId()
  const make = useMutation({ mutationFn: (name: string) => parley.provisioning.createToken(name), onSuccess: onMade })
  if (make.data) return <TokenDialog token={make.data.token} onClose={onClose} />
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    make.mutate(String(new FormData(event.currentTarget).get('name')))
  }
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="New token"
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} variant="primary" loading={make.isPending}>
            Make token
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} className="flex flex-col gap-5">
        {make.error && (
          <Callout tone="danger" live>
            {explainError(make.error)}
          </Callout>
        )}
        <TextField label="Name" name="name" hint="Which directory it is for." maxLength={100} required />
        <p className="text-sm text-text-muted">
          With it, a directory can add, change and let go of people and groups of this workspace, as far as you may
          yourself. It opens nothing else.
        </p>
      </form>
    </Dialog>
  )
}

const overlaps = [
  { value: '24', label: 'For a day' },
  { value: '168', label: 'For a week' },
  { value: '0', label: 'Not at all' },
]

export function RotateTokenDialog({ token, onMade, onClose }: Props & { token: ScimToken }) {
  const [hours, setHours] = useState('24')
  const rotate = useMutation({
    mutationFn: () => parley.provisioning.rotateToken(token.id, { overlapHours: Number(hours) }),
    onSuccess: onMade,
  })
  if (rotate.data) return <TokenDialog token={rotate.data.token} onClose={onClose} />
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`Rotate “${token.name}”`}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" loading={rotate.isPending} onClick={() => rotate.mutate()}>
            Make the next token
          </Button>
        </>
      }
    >
      {rotate.error && (
        <Callout tone="danger" live>
          {explainError(rotate.error)}
        </Callout>
      )}
      <p className="text-text-muted">
        There will be a new token. Enter it at your directory while the old one still works.
      </p>
      <Select
        label="The old token goes on working"
        options={overlaps}
        value={hours}
        onChange={(event) => setHours(event.currentTarget.value)}
      />
    </Dialog>
  )
}

/** The one time that a token is shown. */
function TokenDialog({ token, onClose }: { token: string; onClose: () => void }) {
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Copy your token now"
      actions={
        <Button variant="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      <p className="text-text-muted">It is shown this once. Parley keeps only a fingerprint of it.</p>
      <div className="flex items-center gap-2 rounded-md border border-border bg-sunken p-2 ps-3">
        <code className="min-w-0 flex-1 select-all break-all font-mono text-sm" data-testid="new-token">
          {token}
        </code>
        <CopyButton text={token} label="Copy token" size="medium" />
      </div>
    </Dialog>
  )
}
