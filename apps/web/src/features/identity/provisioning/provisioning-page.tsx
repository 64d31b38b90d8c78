import type { Provisioning, ScimToken } from '@parley/contract'
import { Button, Callout, ConfirmDialog, CopyButton, EmptyState, Skeleton, useToast } from '@parley/ui'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Plus, UsersRound } from 'lucide-react'
import { useState } from 'react'
import { parley } from '../../../parley.ts'
import { explainError } from '../../shell/explain-error.ts'
import { formatCount, formatDate } from '../../shell/format.ts'
import { Panel, SettingsHead } from '../../shell/settings-page.tsx'
import { useTitle } from '../../shell/use-title.ts'
import { useMay } from '../me.ts'
import { GroupRoles } from './group-roles.tsx'
import { PeopleOutside } from './people-outside.tsx'
import { NewTokenDialog, RotateTokenDialog } from './token-dialogs.tsx'

const queryKey = ['provisioning']

/** For administrators: lets a directory (Okta, Entra ID, …) add and remove people by SCIM. */
export function ProvisioningPage() {
  useTitle('Provisioning')
  const allowed = useMay('workspace:manage')
  const provisioning = useQuery({
    queryKey,
    queryFn: ({ signal }) => parley.provisioning.get({ signal }),
    enabled: allowed,
  })
  const [making, setMaking] = useState(false)
  const client = useQueryClient()
  const changed = () => client.invalidateQueries({ queryKey })
  const { data, error, isPending } = provisioning
  if (!allowed) {
    return (
      <>
        <SettingsHead title="Provisioning">A directory can add and remove people here by itself.</SettingsHead>
        <Callout tone="info">Ask someone who manages this workspace: your role does not include it.</Callout>
      </>
    )
  }
  return (
    <>
      <SettingsHead
        title="Provisioning"
        action={
          <Button variant="primary" onClick={() => setMaking(true)}>
            <Plus aria-hidden="true" /> New token
          </Button>
        }
      >
        Your directory adds people, keeps their names and groups, and lets them go, by SCIM 2.0.
      </SettingsHead>
      {isPending && <Skeleton />}
      {error && <Callout tone="danger">{explainError(error)}</Callout>}
      {data && (
        <div className="flex flex-col gap-6">
          <BaseUrl url={data.baseUrl} />
          <Tokens tokens={data.tokens} onChange={changed} />
          <People people={data.people} />
          <GroupRoles />
        </div>
      )}
      {making && <NewTokenDialog onMade={changed} onClose={() => setMaking(false)} />}
    </>
  )
}

function BaseUrl({ url }: { url: string }) {
  return (
    <Panel className="p-5">
      <h2 className="font-medium">Address for your directory</h2>
      <p className="mt-1 text-sm text-text-muted">
        Okta calls it “SCIM connector base URL”, Entra ID “Tenant URL”. It needs a token from below beside it.{' '}
        <Link to="/docs/$page" params={{ page: 'provisioning' }} className="text-accent underline">
          Step by step
        </Link>
      </p>
      <div className="mt-3 flex items-center gap-2 rounded-md border border-border bg-sunken p-2 ps-3">
        <code className="min-w-0 flex-1 select-all break-all font-mono text-sm">{url}</code>
        <CopyButton text={url} label="Copy address" size="medium" />
      </div>
    </Panel>
  )
}

function Tokens({ tokens, onChange }: { tokens: ScimToken[]; onChange: () => Promise<void> }) {
  const [rotating, setRotating] = useState<ScimToken>()
  const [revoking, setRevoking] = useState<ScimToken>()
  const toast = useToast()
  const revoke = async (token: ScimToken) => {
    try {
      await parley.provisioning.revokeToken(token.id)
      toast({ message: `“${token.name}” no longer works.`, tone: 'success' })
      await onChange()
    } catch (error) {
      toast({ message: explainError(error), tone: 'danger' })
    }
  }
  if (tokens.length === 0) {
    return (
      <Panel>
        <EmptyState icon={<UsersRound />} title="No directory is connected">
          Make a token, and give it to your directory with the address above.
        </EmptyState>
      </Panel>
    )
  }
  return (
    <Panel>
      <h2 className="px-5 pt-5 font-medium">Tokens</h2>
      <ul className="divide-y divide-border">
        {tokens.map((token) => (
          <li key={token.id} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-5 py-4">
            <div className="min-w-48 flex-1">
              <p className="break-words font-medium">{token.name}</p>
              <p className="text-sm text-text-muted">
                <code className="font-mono text-xs">{token.prefix}…</code> · {madeBy(token)} ·{' '}
                {token.lastUsedAt ? `last used ${formatDate(token.lastUsedAt)}` : 'never used'}
              </p>
              {token.previousUntil && (
                <p className="text-sm text-text-muted">
                  The token before works until {formatDate(token.previousUntil)}.
                </p>
              )}
            </div>
            <div className="flex gap-1">
              <Button
                variant="ghost"
                size="small"
                onClick={() => setRotating(token)}
                aria-label={`Rotate ${token.name}`}
              >
                Rotate
              </Button>
              <Button
                variant="ghost"
                size="small"
                onClick={() => setRevoking(token)}
                aria-label={`Revoke ${token.name}`}
              >
                Revoke
              </Button>
            </div>
          </li>
        ))}
      </ul>
      {rotating && <RotateTokenDialog token={rotating} onMade={onChange} onClose={() => setRotating(undefined)} />}
      <ConfirmDialog
        open={revoking !== undefined}
        onOpenChange={() => setRevoking(undefined)}
        title={`Revoke “${revoking?.name}”?`}
        description="Your directory is refused from now on. People stay as they are, and are no longer let go by it. This cannot be undone."
        confirmLabel="Revoke token"
        danger
        onConfirm={() => (revoking ? revoke(revoking) : undefined)}
      />
    </Panel>
  )
}

function madeBy({ createdBy, createdAt, rotatedAt }: ScimToken): string {
  const by = createdBy === null ? '' : ` by ${createdBy}`
  return rotatedAt ? `rotated ${formatDate(rotatedAt)}${by}` : `made ${formatDate(createdAt)}${by}`
}

function People({ people }: { people: Provisioning['people'] }) {
  const { active, suspended, waiting } = people
  const counts = [
    ['In the workspace', active],
    ['Suspended', suspended],
    ['Not agreed yet', waiting],
  ] as const
  return (
    <Panel className="p-5">
      <h2 className="font-medium">People of your directory</h2>
      <dl className="mt-3 grid grid-cols-3 gap-4">
        {counts.map(([label, count]) => (
          <div key={label} className="flex flex-col-reverse justify-end">
            <dt className="text-sm text-text-muted">{label}</dt>
            <dd className="font-display text-2xl">{formatCount(count)}</dd>
          </div>
        ))}
      </dl>
      {suspended + waiting > 0 && <PeopleOutside />}
    </Panel>
  )
}
