import type { Passkey, Security } from '@parley/contract'
import { Badge, Button, Callout, ConfirmDialog, IconButton, Skeleton, useToast } from '@parley/ui'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Fingerprint, Pencil, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { parley } from '../../../parley.ts'
import { formatDate } from '../../shell/format.ts'
import { Panel } from '../../shell/settings-page.tsx'
import { explainFailure } from './explain.ts'
import { canUsePasskeys } from './passkey-browser.ts'
import { AddPasskeyDialog, RenamePasskeyDialog } from './passkey-dialogs.tsx'
import { useWithProof } from './proof.tsx'
import { RecoveryCodesDialog } from './recovery-codes-dialog.tsx'
import { findSecurity, listPasskeys } from './security-query.ts'

/** The person's passkeys: add, rename, remove. */
export function PasskeysSection({ security }: { security: Security }) {
  const client = useQueryClient()
  const withProof = useWithProof()
  const toast = useToast()
  const passkeys = useQuery(listPasskeys)
  const [adding, setAdding] = useState(false)
  const [renaming, setRenaming] = useState<Passkey>()
  const [removing, setRemoving] = useState<Passkey>()
  const [codes, setCodes] = useState<string[]>()
  const refresh = () => {
    void client.invalidateQueries({ queryKey: findSecurity.queryKey })
    void client.invalidateQueries({ queryKey: listPasskeys.queryKey })
  }
  const remove = async (passkey: Passkey) => {
    try {
      await withProof(() => parley.passkeys.remove(passkey.id))
      toast({ message: `“${passkey.name}” signs you in no more.`, tone: 'success' })
      refresh()
    } catch (error) {
      const message = explainFailure(error)
      if (message) toast({ message, tone: 'danger' })
    }
  }
  const obstacle = obstacleOf(security)
  return (
    <Panel>
      <div className="flex flex-wrap items-start justify-between gap-4 p-6">
        <div className="flex min-w-0 flex-1 basis-64 gap-3">
          <Fingerprint aria-hidden="true" className="mt-0.5 size-5 shrink-0 text-text-muted" />
          <div>
            <h2 className="font-medium">Passkeys</h2>
            <p className="text-sm text-text-muted">
              Sign in with your fingerprint, face, PIN or security key: no password, and nothing that could be given
              away by mistake.
            </p>
          </div>
        </div>
        {!obstacle && (
          <Button onClick={() => setAdding(true)}>
            <Plus aria-hidden="true" /> Add passkey
          </Button>
        )}
      </div>
      {obstacle && (
        <div className="px-6 pb-6">
          <Callout>{obstacle}</Callout>
        </div>
      )}
      {passkeys.isPending && <Skeleton className="mx-6 mb-6" />}
      {passkeys.error && (
        <Callout tone="danger" className="mx-6 mb-6">
          {explainFailure(passkeys.error)}
        </Callout>
      )}
      {passkeys.data && passkeys.data.length > 0 && (
        <ul aria-label="Your passkeys" className="divide-y divide-border border-border border-t">
          {passkeys.data.map((passkey) => (
            <li key={passkey.id} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-6 py-3">
              <div className="min-w-40 flex-1">
                <p className="break-words font-medium">{passkey.name}</p>
                <p className="text-sm text-text-muted">
                  made {formatDate(passkey.createdAt)} ·{' '}
                  {passkey.lastUsedAt ? `last used ${formatDate(passkey.lastUsedAt)}` : 'never used'}
                </p>
              </div>
              {passkey.synced && <Badge>Synced</Badge>}
              {passkey.blockedAt && <Badge tone="danger">Blocked</Badge>}
              <div className="flex">
                <IconButton size="small" label={`Rename ${passkey.name}`} onClick={() => setRenaming(passkey)}>
                  <Pencil />
                </IconButton>
                <IconButton size="small" label={`Remove ${passkey.name}`} onClick={() => setRemoving(passkey)}>
                  <Trash2 />
                </IconButton>
              </div>
              {passkey.blockedAt && (
                <p className="w-full text-danger text-sm">
                  A copy of it may be in use, so it was blocked on {formatDate(passkey.blockedAt)}. Remove it, and make
                  a new one.
                </p>
              )}
            </li>
          ))}
        </ul>
      )}
      {adding && (
        <AddPasskeyDialog
          onClose={() => setAdding(false)}
          onAdded={(recoveryCodes) => {
            setAdding(false)
            refresh()
            if (recoveryCodes) setCodes(recoveryCodes)
            else toast({ message: 'Passkey added.', tone: 'success' })
          }}
        />
      )}
      {renaming && (
        <RenamePasskeyDialog
          passkey={renaming}
          onClose={() => setRenaming(undefined)}
          onRenamed={() => {
            setRenaming(undefined)
            refresh()
          }}
        />
      )}
      {codes && <RecoveryCodesDialog codes={codes} onClose={() => setCodes(undefined)} />}
      <ConfirmDialog
        open={removing !== undefined}
        onOpenChange={() => setRemoving(undefined)}
        title={`Remove “${removing?.name}”?`}
        description="It signs you in no more. Your device may still offer it; remove it there, too."
        confirmLabel="Remove passkey"
        danger
        onConfirm={() => (removing ? remove(removing) : undefined)}
      />
    </Panel>
  )
}

/** Why no passkey can be made here. */
function obstacleOf({ passkeyOrigin }: Security): string | undefined {
  if (passkeyOrigin === null) {
    return 'Passkeys need Parley under a host name with HTTPS. Whoever runs it can set PUBLIC_URL.'
  }
  if (passkeyOrigin !== location.origin) return `Passkeys are tied to ${passkeyOrigin}. Open Parley there to add one.`
  if (!canUsePasskeys()) return 'This browser has no passkeys.'
  return undefined
}
