import type { SecondFactorPolicy } from '@parley/contract'
import { Button, Callout, ConfirmDialog, Select, Skeleton, useToast } from '@parley/ui'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { ShieldCheck } from 'lucide-react'
import { useState } from 'react'
import { parley } from '../../../parley.ts'
import { formatDate } from '../../shell/format.ts'
import { Panel } from '../../shell/settings-page.tsx'
import { explainFailure } from './explain.ts'
import { findSecurity } from './security-query.ts'

const queryKey = ['second-factor-policy']
const graces = [
  { value: '7', label: 'In a week' },
  { value: '14', label: 'In two weeks' },
  { value: '30', label: 'In 30 days' },
  { value: '0', label: 'At once' },
]

/** Whether the workspace asks its people for a second factor; for those who manage it. */
export function SecondFactorPolicyPanel() {
  const client = useQueryClient()
  const toast = useToast()
  const policy = useQuery({ queryKey, queryFn: ({ signal }) => parley.secondFactorPolicy.get({ signal }) })
  const [graceDays, setGraceDays] = useState('7')
  const [asking, setAsking] = useState(false)
  const required = policy.data?.required ?? false
  const save = async () => {
    try {
      const saved = await parley.secondFactorPolicy.set({ required: !required, graceDays: Number(graceDays) })
      client.setQueryData(queryKey, saved)
      void client.invalidateQueries({ queryKey: findSecurity.queryKey })
      toast({
        message: saved.required ? 'A second step is required.' : 'A second step is up to each.',
        tone: 'success',
      })
    } catch (error) {
      toast({ message: explainFailure(error) ?? '', tone: 'danger' })
    }
  }
  return (
    <Panel className="flex flex-col gap-4 p-6">
      <div className="flex gap-3">
        <ShieldCheck aria-hidden="true" className="mt-0.5 size-5 shrink-0 text-text-muted" />
        <div>
          <h2 className="font-medium">Second step for everyone</h2>
          <p className="text-sm text-text-muted">
            Whoever signs in needs a passkey, or a code of an authenticator app beside the password. API keys go on
            working: they are programs, not people.
          </p>
        </div>
      </div>
      {policy.isPending && <Skeleton lines={1} />}
      {policy.error && <Callout tone="danger">{explainFailure(policy.error)}</Callout>}
      {policy.data && (
        <>
          <p role="status" className="text-sm">
            {stateOf(policy.data)}
          </p>
          <div className="flex flex-wrap items-end gap-3">
            {!required && (
              <Select
                label="Binding"
                options={graces}
                value={graceDays}
                onChange={(event) => setGraceDays(event.currentTarget.value)}
              />
            )}
            <Button variant={required ? 'secondary' : 'primary'} onClick={() => setAsking(true)}>
              {required ? 'Require no more' : 'Require a second step'}
            </Button>
          </div>
        </>
      )}
      <ConfirmDialog
        open={asking}
        onOpenChange={setAsking}
        title={required ? 'Require a second step no more?' : 'Require a second step?'}
        description={
          required
            ? 'Those who have one keep it. The others sign in with their password alone.'
            : graceDays === '0'
              ? 'Whoever has none, you included, is led to set one up at once, and can do nothing else here until then.'
              : `People are told on every page. After ${graceDays} days, whoever has none is led to set one up, and can do nothing else here until then.`
        }
        confirmLabel={required ? 'Require no more' : 'Require it'}
        danger={required}
        onConfirm={save}
      />
    </Panel>
  )
}

function stateOf({ required, requiredFrom }: SecondFactorPolicy): string {
  if (!required || !requiredFrom) return 'It is up to each person.'
  return Date.parse(requiredFrom) > Date.now()
    ? `Required from ${formatDate(requiredFrom)}. Until then, people are asked to set one up.`
    : `Required since ${formatDate(requiredFrom)}.`
}
