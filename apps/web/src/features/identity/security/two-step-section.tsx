import type { Security } from '@parley/contract'
import { Badge, Button, ConfirmDialog, useToast } from '@parley/ui'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Smartphone } from 'lucide-react'
import { useState } from 'react'
import { parley } from '../../../parley.ts'
import { formatDate } from '../../shell/format.ts'
import { Panel } from '../../shell/settings-page.tsx'
import { explainFailure } from './explain.ts'
import { useWithProof } from './proof.tsx'
import { RecoveryCodesDialog } from './recovery-codes-dialog.tsx'
import { findSecurity } from './security-query.ts'
import { TotpDialog } from './totp-dialog.tsx'

/** The authenticator app. */
export function TwoStepSection({ security }: { security: Security }) {
  const client = useQueryClient()
  const withProof = useWithProof()
  const toast = useToast()
  const [codes, setCodes] = useState<string[]>()
  const [removing, setRemoving] = useState(false)
  const refresh = () => client.invalidateQueries({ queryKey: findSecurity.queryKey })
  const tell = (error: unknown) => {
    const message = explainFailure(error)
    if (message) toast({ message, tone: 'danger' })
  }
  const begin = useMutation({ mutationFn: () => withProof(() => parley.security.startTotp()), onError: tell })
  const remove = async () => {
    try {
      await withProof(() => parley.security.removeTotp())
      toast({ message: 'Authenticator app removed.', tone: 'success' })
      await refresh()
    } catch (error) {
      tell(error)
    }
  }
  const done = (recoveryCodes: string[] | null) => {
    begin.reset()
    void refresh()
    if (recoveryCodes) setCodes(recoveryCodes)
    else toast({ message: 'The new authenticator app is in use.', tone: 'success' })
  }
  const { totpSince } = security
  return (
    <Panel className="p-6">
      <div className="flex flex-wrap items-start justify-between gap-4">
        <div className="flex min-w-0 flex-1 basis-64 gap-3">
          <Smartphone aria-hidden="true" className="mt-0.5 size-5 shrink-0 text-text-muted" />
          <div>
            <h2 className="flex flex-wrap items-center gap-2 font-medium">
              Authenticator app {totpSince && <Badge tone="success">On</Badge>}
            </h2>
            <p className="text-sm text-text-muted">
              {totpSince
                ? `Set up on ${formatDate(totpSince)}. Signing in with your password also asks for a code of it.`
                : 'A code from your phone, asked for after your password.'}
            </p>
          </div>
        </div>
        <div className="flex gap-2">
          <Button onClick={() => begin.mutate()} loading={begin.isPending}>
            {totpSince ? 'Replace' : 'Set up'}
          </Button>
          {totpSince && (
            <Button variant="ghost" onClick={() => setRemoving(true)}>
              Remove
            </Button>
          )}
        </div>
      </div>
      {begin.data && <TotpDialog setUp={begin.data} onDone={done} onClose={() => begin.reset()} />}
      {codes && <RecoveryCodesDialog codes={codes} onClose={() => setCodes(undefined)} />}
      <ConfirmDialog
        open={removing}
        onOpenChange={setRemoving}
        title="Remove the authenticator app?"
        description={
          security.passkeys > 0
            ? 'Your passkeys stay your second step.'
            : 'Your password alone signs you in then, and your recovery codes stop working.'
        }
        confirmLabel="Remove app"
        danger
        onConfirm={remove}
      />
    </Panel>
  )
}
