import type { ConnectedAccount } from '@parley/contract'
import { Badge, Button, Callout, ConfirmDialog, Skeleton, useToast } from '@parley/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { parley } from '../../../parley.ts'
import { formatDate } from '../../shell/format.ts'
import { Panel } from '../../shell/settings-page.tsx'
import { useMe } from '../me.ts'
import { explainFailure } from '../security/explain.ts'
import { useWithProof } from '../security/proof.tsx'
import { findSignInOptions } from './provider-buttons.tsx'
import { ProviderMark } from './provider-mark.tsx'

const queryKey = ['connected-accounts']

/** Accounts with identity providers by which the person can sign in. Nothing to see where there are no providers. */
export function ConnectedAccounts() {
  const workspaceId = useMe()?.workspace.id
  const options = useQuery(findSignInOptions(workspaceId))
  const accounts = useQuery({
    queryKey,
    queryFn: ({ signal }) => parley.connectedAccounts.list({ limit: 200 }, { signal }),
  })
  const withProof = useWithProof()
  const connect = useMutation({
    mutationFn: (providerId: string) =>
      withProof(() => parley.connectedAccounts.start({ providerId, next: window.location.pathname })),
    onSuccess: ({ url }) => window.location.assign(url),
  })
  const rows = accounts.data?.data ?? []
  const offered = options.data?.providers ?? []
  if (accounts.isPending) return <Skeleton />
  if (rows.length === 0 && offered.length === 0 && !accounts.error) return null
  const failure = explainFailure(accounts.error ?? connect.error)
  return (
    <Panel className="p-6">
      <h2 className="font-medium">Connected accounts</h2>
      <p className="mt-1 text-sm text-text-muted">Each of them signs you in here.</p>
      {failure && (
        <Callout tone="danger" live className="mt-4">
          {failure}
        </Callout>
      )}
      {rows.length > 0 && (
        <ul className="mt-4 divide-y divide-border">
          {rows.map((account) => (
            <AccountRow key={account.id} account={account} />
          ))}
        </ul>
      )}
      {offered.length > 0 && (
        <div className="mt-4 flex flex-wrap gap-2">
          {offered.map(({ id, kind, name }) => (
            <Button key={id} loading={connect.isPending && connect.variables === id} onClick={() => connect.mutate(id)}>
              <ProviderMark kind={kind} />
              Connect {name}
            </Button>
          ))}
        </div>
      )}
    </Panel>
  )
}

function AccountRow({ account }: { account: ConnectedAccount }) {
  const client = useQueryClient()
  const toast = useToast()
  const withProof = useWithProof()
  const [removing, setRemoving] = useState(false)
  const { id, kind, providerName, label, lastUsedAt, removable } = account
  const remove = async () => {
    try {
      await withProof(() => parley.connectedAccounts.disconnect(id))
      toast({ message: `${providerName} is disconnected.`, tone: 'success' })
    } catch (error) {
      const message = explainFailure(error)
      if (message) toast({ message, tone: 'danger' })
    }
    await client.invalidateQueries({ queryKey })
  }
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 py-3">
      <ProviderMark kind={kind} />
      <div className="min-w-40 flex-1">
        <h3 className="font-medium text-sm">{providerName}</h3>
        <p className="break-all text-sm text-text-muted">
          {label} · last used {formatDate(lastUsedAt)}
        </p>
      </div>
      {removable ? (
        <Button size="small" onClick={() => setRemoving(true)} aria-label={`Disconnect ${providerName}, ${label}`}>
          Disconnect
        </Button>
      ) : (
        <Badge>Your only way to sign in</Badge>
      )}
      <ConfirmDialog
        open={removing}
        onOpenChange={setRemoving}
        title={`Disconnect ${providerName}?`}
        description={`${label} signs you in here no more. You can connect it again at any time.`}
        confirmLabel="Disconnect"
        danger
        onConfirm={remove}
      />
    </li>
  )
}
