import { type ApiKey, type Scope, scopes } from '@parley/contract'
import {
  Badge,
  Button,
  Callout,
  ConfirmDialog,
  CopyButton,
  Dialog,
  EmptyState,
  Select,
  Skeleton,
  TextField,
  useToast,
} from '@parley/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { KeyRound, Plus } from 'lucide-react'
import { type FormEvent, useId, useState } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { formatDate } from '../shell/format.ts'
import { Panel, SettingsHead } from '../shell/settings-layout.tsx'
import { useTitle } from '../shell/use-title.ts'
import { useMe } from './me.ts'

const queryKey = ['api-keys']

export function ApiKeysPage() {
  useTitle('API keys')
  const keys = useQuery({ queryKey, queryFn: ({ signal }) => parley.apiKeys.list({ limit: 200 }, { signal }) })
  const [making, setMaking] = useState(false)
  const [revoking, setRevoking] = useState<ApiKey>()
  const client = useQueryClient()
  const toast = useToast()
  const revoke = async (key: ApiKey) => {
    try {
      await parley.apiKeys.revoke(key.id)
      toast({ message: `“${key.name}” no longer works.`, tone: 'success' })
      await client.invalidateQueries({ queryKey })
    } catch (error) {
      toast({ message: explainError(error), tone: 'danger' })
    }
  }
  return (
    <>
      <SettingsHead
        title="API keys"
        action={
          <Button variant="primary" onClick={() => setMaking(true)}>
            <Plus aria-hidden="true" /> New key
          </Button>
        }
      >
        Keys let programs act as you, within the limits you give them.
      </SettingsHead>
      {keys.isPending && <Skeleton />}
      {keys.error && <Callout tone="danger">{explainError(keys.error)}</Callout>}
      {keys.data?.data.length === 0 && (
        <EmptyState icon={<KeyRound />} title="No keys yet">
          Make one to call Parley from a script, an app or an SDK.
        </EmptyState>
      )}
      {keys.data && keys.data.data.length > 0 && (
        <Panel>
          <ul className="divide-y divide-border">
            {keys.data.data.map((key) => (
              <li key={key.id} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-5 py-4">
                <div className="min-w-48 flex-1">
                  <p className="font-medium">{key.name}</p>
                  <p className="text-sm text-text-muted">
                    <code className="font-mono text-xs">{key.prefix}…</code> · made {formatDate(key.createdAt)} ·{' '}
                    {key.lastUsedAt ? `last used ${formatDate(key.lastUsedAt)}` : 'never used'}
                  </p>
                </div>
                <Badge>{key.scopes.length === 1 ? key.scopes[0] : `${key.scopes.length} permissions`}</Badge>
                {key.expiresAt && <Expiry at={key.expiresAt} />}
                <Button variant="ghost" size="small" onClick={() => setRevoking(key)} aria-label={`Revoke ${key.name}`}>
                  Revoke
                </Button>
              </li>
            ))}
          </ul>
        </Panel>
      )}
      {making && <NewKeyDialog onClose={() => setMaking(false)} />}
      <ConfirmDialog
        open={revoking !== undefined}
        onOpenChange={() => setRevoking(undefined)}
        title={`Revoke “${revoking?.name}”?`}
        description="Whatever uses it is refused from now on. This cannot be undone."
        confirmLabel="Revoke key"
        danger
        onConfirm={() => (revoking ? revoke(revoking) : undefined)}
      />
    </>
  )
}

function Expiry({ at }: { at: string }) {
  const over = Date.parse(at) < Date.now()
  return <Badge tone={over ? 'danger' : 'neutral'}>{over ? 'expired' : `until ${formatDate(at)}`}</Badge>
}

const scopeNames: Record<Scope, string> = {
  'conversations:read': 'Read conversations',
  'conversations:write': 'Write and send messages',
  'files:read': 'Read files',
  'files:write': 'Upload files',
  'models:read': 'List models',
  'models:manage': 'Manage model providers',
  'tools:read': 'List tools',
  'tools:call': 'Call tools',
  'tools:manage': 'Manage MCP servers and policies',
  'keys:manage': 'Manage API keys',
  'account:read': 'Read your account',
  'people:read': 'See who is in the workspace',
  'people:manage': 'Manage people, roles and groups',
  'workspace:manage': 'Manage the workspace',
  'usage:read': 'See usage and cost of everyone',
  'usage:manage': 'Manage plans, limits and budgets',
}

const expiries = [
  { value: '30', label: 'In 30 days' },
  { value: '90', label: 'In 90 days' },
  { value: '365', label: 'In a year' },
  { value: '', label: 'Never' },
]

function NewKeyDialog({ onClose }: { onClose: () => void }) {
  const me = useMe()
  const client = useQueryClient()
  const form = useId()
  const [days, setDays] = useState('90')
  const [chosen, setChosen] = useState<Scope[]>(['conversations:read', 'conversations:write', 'models:read'])
  const make = useMutation({
    mutationFn: (name: string) =>
      parley.apiKeys.create({
        name,
        scopes: chosen,
        expiresAt: days ? new Date(Date.now() + Number(days) * 86_400_000).toISOString() : undefined,
      }),
    onSuccess: () => client.invalidateQueries({ queryKey }),
  })
  if (make.data) {
    return (
      <Dialog
        open
        onOpenChange={onClose}
        title="Copy your key now"
        actions={
          <Button variant="primary" onClick={onClose}>
            Done
          </Button>
        }
      >
        <p className="text-text-muted">It is shown this once. Parley keeps only a fingerprint of it.</p>
        <div className="flex items-center gap-2 rounded-md border border-border bg-sunken p-2 ps-3">
          <code className="min-w-0 flex-1 select-all break-all font-mono text-sm" data-testid="new-key">
            {make.data.key}
          </code>
          <CopyButton text={make.data.key} label="Copy key" size="medium" />
        </div>
      </Dialog>
    )
  }
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    make.mutate(String(new FormData(event.currentTarget).get('name')))
  }
  const toggle = (scope: Scope) =>
    setChosen((current) => (current.includes(scope) ? current.filter((one) => one !== scope) : [...current, scope]))
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="New API key"
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} variant="primary" disabled={chosen.length === 0} loading={make.isPending}>
            Make key
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
        <TextField label="Name" name="name" hint="What will use it." maxLength={100} required />
        <Select
          label="Stops working"
          options={expiries}
          value={days}
          onChange={(event) => setDays(event.currentTarget.value)}
        />
        <fieldset>
          <legend className="mb-2 font-medium text-sm">What it may do</legend>
          <div className="grid gap-2 sm:grid-cols-2">
            {scopes
              .filter((scope) => me?.scopes.includes(scope))
              .map((scope) => (
                <label key={scope} className="flex cursor-pointer items-center gap-2 text-sm">
                  <input
                    type="checkbox"
                    className="size-4 accent-accent"
                    checked={chosen.includes(scope)}
                    onChange={() => toggle(scope)}
                  />
                  {scopeNames[scope]}
                </label>
              ))}
          </div>
        </fieldset>
      </form>
    </Dialog>
  )
}
