import { Badge, Button, Callout, EmptyState, Skeleton } from '@parley/ui'
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Bot, ChevronRight, Plus } from 'lucide-react'
import { useState } from 'react'
import { explainError } from '../../shell/explain-error.ts'
import { formatDate } from '../../shell/format.ts'
import { Panel, SettingsHead } from '../../shell/settings-page.tsx'
import { useTitle } from '../../shell/use-title.ts'
import { useMay } from '../me.ts'
import { AccountDialog } from './account-dialog.tsx'
import { listAccounts } from './list-accounts.ts'

export function ServiceAccountsPage() {
  useTitle('Service accounts')
  const may = useMay('people:manage')
  const navigate = useNavigate()
  const accounts = useQuery({ ...listAccounts, enabled: may })
  const [making, setMaking] = useState(false)
  return (
    <>
      <SettingsHead
        title="Service accounts"
        action={
          may && (
            <Button variant="primary" onClick={() => setMaking(true)}>
              <Plus aria-hidden="true" /> New service account
            </Button>
          )
        }
      >
        Members that are programs. Their keys belong to the workspace and go on working when people leave.
      </SettingsHead>
      {!may && <Callout>Service accounts are managed by owners and admins of the workspace.</Callout>}
      {may && accounts.isPending && <Skeleton />}
      {accounts.error && <Callout tone="danger">{explainError(accounts.error)}</Callout>}
      {accounts.data?.length === 0 && (
        <EmptyState icon={<Bot />} title="No service accounts yet">
          Make one for each program that is to work on its own: a nightly report, a bot, another service.
        </EmptyState>
      )}
      {accounts.data && accounts.data.length > 0 && (
        <Panel>
          <ul className="divide-y divide-border">
            {accounts.data.map((account) => (
              <li key={account.id}>
                <Link
                  to="/settings/service-accounts/$id"
                  params={{ id: account.id }}
                  className="flex items-center gap-4 px-5 py-4 hover:bg-sunken"
                >
                  <span className="min-w-0 flex-1">
                    <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
                      <span className="font-medium">{account.name}</span>
                      <Badge>{account.customRole?.name ?? account.role}</Badge>
                      <Badge>{account.keyCount === 1 ? '1 key' : `${account.keyCount} keys`}</Badge>
                    </span>
                    <span className="mt-1 block text-sm text-text-muted">
                      {account.description && <span className="block truncate">{account.description}</span>}
                      {account.lastUsedAt ? `Last used ${formatDate(account.lastUsedAt)}` : 'Never used'}
                    </span>
                  </span>
                  <ChevronRight aria-hidden="true" className="size-4 shrink-0 text-text-faint rtl:rotate-180" />
                </Link>
              </li>
            ))}
          </ul>
        </Panel>
      )}
      {making && (
        <AccountDialog
          onSaved={({ id }) => void navigate({ to: '/settings/service-accounts/$id', params: { id } })}
          onClose={() => setMaking(false)}
        />
      )}
    </>
  )
}
