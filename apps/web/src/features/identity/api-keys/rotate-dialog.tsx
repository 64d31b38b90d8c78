import type { ApiKey, CreatedApiKey } from '@parley/contract'
import { Select } from '@parley/ui'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { parley } from '../../../parley.ts'
import { FormDialog } from '../../shell/form-dialog.tsx'
import { explainFailure } from '../security/explain.ts'
import { useWithProof } from '../security/proof.tsx'

const overlaps = [
  { value: '3600', label: 'For an hour' },
  { value: '86400', label: 'For a day' },
  { value: '604800', label: 'For a week' },
  { value: '0', label: 'No longer: it ends now' },
]

/** Gives a key a new secret. */
export function RotateDialog({
  of,
  onMade,
  onClose,
}: {
  of: ApiKey
  onMade: (key: CreatedApiKey) => void
  onClose: () => void
}) {
  const client = useQueryClient()
  const withProof = useWithProof()
  const [overlap, setOverlap] = useState('86400')
  const rotate = useMutation({
    mutationFn: () => withProof(() => parley.apiKeys.rotate(of.id, { overlapSeconds: Number(overlap) })),
    onSuccess: async (made) => {
      onMade(made)
      onClose()
      await client.invalidateQueries({ queryKey: ['api-keys'] })
    },
  })
  return (
    <FormDialog
      size="small"
      title={`Rotate “${of.name}”`}
      description="It gets a new secret, good at once. What it may do, its limits and its usage stay as they are."
      submitLabel="Rotate key"
      failure={explainFailure(rotate.error)}
      busy={rotate.isPending}
      onSubmit={() => rotate.mutate()}
      onClose={onClose}
    >
      <Select
        label="The old secret works on"
        options={overlaps}
        value={overlap}
        onChange={(event) => setOverlap(event.currentTarget.value)}
      />
    </FormDialog>
  )
}
