import type { SignInProvider } from '@parley/contract'
import { Badge, ConfirmDialog, CopyButton, IconButton, Menu, MenuItem, useToast } from '@parley/ui'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Ellipsis, Pencil, RefreshCw, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { parley } from '../../../parley.ts'
import { explainError } from '../../shell/explain-error.ts'
import { ProviderMark } from './provider-mark.tsx'
import { refreshSignIn } from './sign-in-settings.ts'

const verdictNames: Record<SignInProvider['verdict']['code'], string> = {
  ok: 'Working',
  untested: 'Not tried yet',
  unreachable: 'Unreachable',
  egress_refused: 'Not permitted',
  not_an_issuer: 'Not an issuer',
  unsuitable: 'Not usable',
  client_refused: 'Client refused',
}

/** One provider with its state, and what can be done with it. */
export function ProviderRow({
  provider,
  onEdit,
}: {
  provider: SignInProvider
  onEdit: (provider: SignInProvider) => void
}) {
  const client = useQueryClient()
  const toast = useToast()
  const [removing, setRemoving] = useState(false)
  const { id, kind, name, source, issuer, clientId, redirectUri, rules, verdict } = provider
  const test = useMutation({
    mutationFn: () => parley.signInProviders.test(id),
    onSuccess: async ({ verdict: fresh }) => {
      toast({ message: `${name}: ${fresh.detail}`, tone: fresh.ok ? 'success' : 'danger' })
      await refreshSignIn(client)
    },
    onError: (error) => toast({ message: explainError(error), tone: 'danger' }),
  })
  const remove = async () => {
    try {
      await parley.signInProviders.delete(id)
      toast({ message: `${name} is removed.`, tone: 'success' })
      await refreshSignIn(client)
    } catch (error) {
      toast({ message: explainError(error), tone: 'danger' })
    }
  }
  const tone = verdict.ok ? 'success' : verdict.code === 'untested' ? 'neutral' : 'danger'
  return (
    <li className="flex flex-wrap items-start gap-x-4 gap-y-2 px-5 py-4">
      <ProviderMark kind={kind} />
      <div className="min-w-40 flex-1">
        <h2 className="flex flex-wrap items-center gap-2 font-medium">
          {name}
          {source === 'environment' && <Badge>Set by the operator</Badge>}
          {rules.length > 0 && <Badge>{rules.length === 1 ? '1 rule' : `${rules.length} rules`}</Badge>}
        </h2>
        <p className="break-all text-sm text-text-muted">
          {issuer} · client {clientId}
        </p>
        <p className="mt-1 flex items-start gap-1 text-sm text-text-muted">
          <span className="break-all">
            Redirect address: <code className="text-xs">{redirectUri}</code>
          </span>
          <CopyButton text={redirectUri} label={`Copy the redirect address of ${name}`} />
        </p>
        {!verdict.ok && verdict.code !== 'untested' && <p className="mt-1 text-danger text-sm">{verdict.detail}</p>}
      </div>
      <div className="flex items-center gap-2">
        <Badge tone={tone}>{verdictNames[verdict.code]}</Badge>
        <Menu
          align="end"
          trigger={
            <IconButton label={`More for ${name}`} size="small" tooltip={false}>
              <Ellipsis />
            </IconButton>
          }
        >
          <MenuItem icon={<RefreshCw />} onSelect={() => test.mutate()}>
            Test now
          </MenuItem>
          {source === 'workspace' && (
            <>
              <MenuItem icon={<Pencil />} onSelect={() => onEdit(provider)}>
                Change
              </MenuItem>
              <MenuItem icon={<Trash2 />} danger onSelect={() => setRemoving(true)}>
                Remove
              </MenuItem>
            </>
          )}
        </Menu>
      </div>
      <ConfirmDialog
        open={removing}
        onOpenChange={setRemoving}
        title={`Remove ${name}?`}
        description="Nobody signs in through it any more, the sessions that it began end at once, and its secret is forgotten. Roles and groups that its rules gave stay. People who have no password can set one by the link for a forgotten password."
        confirmLabel="Remove"
        danger
        onConfirm={remove}
      />
    </li>
  )
}
