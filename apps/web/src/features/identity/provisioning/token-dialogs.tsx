import type { ScimToken } from '@parley/contract'
import { Button, CopyButton, Dialog, Select, TextField } from '@parley/ui'
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { parley } from '../../../parley.ts'
import { explainError } from '../../shell/explain-error.ts'
import { FormDialog } from '../../shell/form-dialog.tsx'

interface Props {
  onMade: () => Promise<void>
  onClose: () => void
}

export function NewTokenDialog({ onMade, onClose }: Props) {
  const make = useMutation({ mutationFn: (name: string) => parley.provisioning.createToken(name), onSuccess: onMade })
  if (make.data) return <TokenDialog token={make.data.token} onClose={onClose} />
  return (
    <FormDialog
      title="New token"
      submitLabel="Make token"
      failure={make.error ? explainError(make.error) : undefined}
      busy={make.isPending}
      onSubmit={(fields) => make.mutate(String(fields.get('name')))}
      onClose={onClose}
    >
      <TextField label="Name" name="name" hint="Which directory it is for." maxLength={100} required />
      <p className="text-sm text-text-muted">
        With it, a directory can add, change and let go of people and groups of this workspace, as far as you may
        yourself. It opens nothing else.
      </p>
    </FormDialog>
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
    <FormDialog
      title={`Rotate “${token.name}”`}
      submitLabel="Make the next token"
      failure={rotate.error ? explainError(rotate.error) : undefined}
      busy={rotate.isPending}
      onSubmit={() => rotate.mutate()}
      onClose={onClose}
    >
      <p className="text-text-muted">
        There will be a new token. Enter it at your directory while the old one still works.
      </p>
      <Select
        label="The old token goes on working"
        options={overlaps}
        value={hours}
        onChange={(event) => setHours(event.currentTarget.value)}
      />
    </FormDialog>
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
