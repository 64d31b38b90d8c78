import { Badge, Button, Callout, ConfirmDialog, EmptyState, Skeleton, useToast } from '@parley/ui'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { ArrowLeft, Bot, Plus } from 'lucide-react'
import { useState } from 'react'
import { parley } from '../../../parley.ts'
import { explainError } from '../../shell/explain-error.ts'
import { formatDate } from '../../shell/format.ts'
import { Panel, SettingsHead } from '../../shell/settings-page.tsx'
import { useTitle } from '../../shell/use-title.ts'
import { KeyList } from '../api-keys/key-list.tsx'
import { useMe } from '../me.ts'
import { AccountDialog } from './account-dialog.tsx'
import { listAccounts } from './list-accounts.ts'

/** One service account with its keys. */
export function ServiceAccountPage() {
  const { id } = useParams({ strict: false })
  const me = useMe()
  const accounts = useQuery(listAccounts)
  const client = useQueryClient()
  const navigate = useNavigate()
  const toast = useToast()
  const [making, setMaking] = useState(false)
  const [editing, setEditing] = useState(false)
  const [deleting, setDeleting] = useState(false)
  const account = accounts.data?.find((each) => each.id === id)
  useTitle(account?.name ?? 'Service account')
  if (accounts.error) return <Callout tone="danger">{explainError(accounts.error)}</Callout>
  if (accounts.isPending || !me) return <Skeleton />
  if (!account) {
    return (
      <EmptyState icon={<Bot />} title="There is no such service account">
        <Link to="/settings/service-accounts" className="text-accent underline">
          All service accounts
        </Link>
      </EmptyState>
    )
  }
  const remove = async () => {
    try {
      await parley.serviceAccounts.delete(account.id)
      toast({ message: `“${account.name}” is gone.`, tone: 'success' })
      await navigate({ to: '/settings/service-accounts' })
      await client.invalidateQueries({ queryKey: ['service-accounts'] })
    } catch (error) {
      toast({ message: explainError(error), tone: 'danger' })
    }
  }
  return (
    <>
      <Link
        to="/settings/service-accounts"
        className="mb-3 inline-flex items-center gap-1.5 text-sm text-text-muted hover:text-text"
      >
        <ArrowLeft aria-hidden="true" className="size-4 rtl:rotate-180" /> Service accounts
      </Link>
      <SettingsHead
        title={account.name}
        action={
          <Button variant="primary" onClick={() => setMaking(true)}>
            <Plus aria-hidden="true" /> New key
          </Button>
        }
      >
        {account.description || 'A member of the workspace that is a program.'}
      </SettingsHead>
      <div className="flex flex-col gap-6">
        <Panel className="flex flex-wrap items-center justify-between gap-4 p-5">
          <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-sm text-text-muted">
            <Badge tone="accent">{account.customRole?.name ?? account.role}</Badge>
            made {formatDate(account.createdAt)}
            {account.createdBy ? ` by ${account.createdBy.name}` : ' by someone who left'}
          </p>
          <div className="flex flex-wrap gap-2">
            <Button size="small" onClick={() => setEditing(true)}>
              Change
            </Button>
            <Button size="small" variant="ghost" onClick={() => setDeleting(true)}>
              Delete
            </Button>
          </div>
        </Panel>
        <section aria-labelledby="keys">
          <h2 id="keys" className="mb-3 font-medium">
            Its keys
          </h2>
          <KeyList
            serviceAccountId={account.id}
            possible={me.scopes.filter((scope) => account.scopes.includes(scope))}
            making={making}
            onMakingEnd={() => setMaking(false)}
            empty="Make one for the program that acts as this account."
          />
        </section>
      </div>
      {editing && <AccountDialog editing={account} onClose={() => setEditing(false)} />}
      <ConfirmDialog
        open={deleting}
        onOpenChange={setDeleting}
        title={`Delete “${account.name}”?`}
        description="Its keys stop working at once, and its conversations and files are deleted. This cannot be undone."
        confirmLabel="Delete account"
        danger
        onConfirm={remove}
      />
    </>
  )
}
