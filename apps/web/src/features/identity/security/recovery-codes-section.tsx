import type { Security } from '@parley/contract'
import { Button, Callout, useToast } from '@parley/ui'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { LifeBuoy } from 'lucide-react'
import { useState } from 'react'
import { parley } from '../../../parley.ts'
import { Panel } from '../../shell/settings-page.tsx'
import { explainFailure } from './explain.ts'
import { useWithProof } from './proof.tsx'
import { RecoveryCodesDialog } from './recovery-codes-dialog.tsx'
import { findSecurity } from './security-query.ts'

/** With this many left it is time for new ones. */
export const fewRecoveryCodes = 3

/** How many recovery codes are left, and new ones; nothing while there is no factor that they stand in for. */
export function RecoveryCodesSection({ security }: { security: Security }) {
  const client = useQueryClient()
  const withProof = useWithProof()
  const toast = useToast()
  const [codes, setCodes] = useState<string[]>()
  const renew = useMutation({
    mutationFn: () => withProof(() => parley.security.makeRecoveryCodes()),
    onSuccess: ({ recoveryCodes }) => {
      setCodes(recoveryCodes)
      void client.invalidateQueries({ queryKey: findSecurity.queryKey })
    },
    onError: (error) => {
      const message = explainFailure(error)
      if (message) toast({ message, tone: 'danger' })
    },
  })
  const left = security.recoveryCodesLeft
  const hasFactor = security.totpSince !== null || security.passkeys > 0 || left > 0
  return (
    <Panel className="flex flex-col gap-4 p-6">
      <div className="flex flex-wrap items-start justify-between gap-4">
        <div className="flex min-w-0 flex-1 basis-64 gap-3">
          <LifeBuoy aria-hidden="true" className="mt-0.5 size-5 shrink-0 text-text-muted" />
          <div>
            <h2 className="font-medium">Recovery codes</h2>
            <p className="text-sm text-text-muted">
              {hasFactor
                ? `${left} of 10 left. Each signs you in once when your devices are lost.`
                : 'You get ten of them with your first passkey or authenticator app.'}
            </p>
          </div>
        </div>
        {hasFactor && (
          <Button onClick={() => renew.mutate()} loading={renew.isPending}>
            Make new codes
          </Button>
        )}
      </div>
      {hasFactor && left <= fewRecoveryCodes && (
        <Callout tone="warning">
          {left === 0
            ? 'No recovery code is left.'
            : left === 1
              ? 'One recovery code is left.'
              : 'Few recovery codes are left.'}{' '}
          Make new ones before you need them.
        </Callout>
      )}
      {codes && <RecoveryCodesDialog codes={codes} onClose={() => setCodes(undefined)} />}
    </Panel>
  )
}
