import type { WebOrigin } from '@parley/contract'
import { ParleyError } from '@parley/sdk'
import { Button, Callout, ConfirmDialog, EmptyState, Skeleton, TextField, useToast } from '@parley/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Globe, Plus } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { formatDate } from '../shell/format.ts'
import { Panel, SettingsHead } from '../shell/settings-page.tsx'
import { useTitle } from '../shell/use-title.ts'
import { useMay } from './me.ts'

const queryKey = ['web-origins']

/** For administrators: whose pages may call the API of the workspace from the browser. */
export function WebOriginsPage() {
  useTitle('Web origins')
  const allowed = useMay('workspace:manage')
  const origins = useQuery({
    queryKey,
    queryFn: ({ signal }) => parley.webOrigins.list({ signal }),
    enabled: allowed,
  })
  return (
    <>
      <SettingsHead title="Web origins">
        Sites whose pages may call the API of this workspace, with an API key, from the browser.
      </SettingsHead>
      {!allowed && (
        <Callout tone="info">Ask someone who manages this workspace: your role does not include it.</Callout>
      )}
      {allowed && (
        <div className="flex flex-col gap-6">
          <AddOrigin />
          {origins.isPending && <Skeleton />}
          {origins.error && <Callout tone="danger">{explainError(origins.error)}</Callout>}
          {origins.data && <Origins origins={origins.data.data} />}
        </div>
      )}
    </>
  )
}

function AddOrigin() {
  const client = useQueryClient()
  const toast = useToast()
  const [text, setText] = useState('')
  const add = useMutation({
    mutationFn: () => parley.webOrigins.add(text),
    onSuccess: async ({ origin }) => {
      setText('')
      toast({ message: `Pages of ${origin} may call the API.`, tone: 'success' })
      await client.invalidateQueries({ queryKey })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    add.mutate()
  }
  return (
    <Panel className="p-5">
      <form onSubmit={submit} className="flex flex-wrap items-start gap-3">
        <TextField
          className="min-w-56 flex-1"
          label="Site"
          hint="Scheme, host and port alone. Programs on servers need no entry."
          placeholder="https://app.example.com"
          inputMode="url"
          autoComplete="off"
          spellCheck={false}
          maxLength={300}
          required
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          error={add.error ? whatIsWrong(add.error) : undefined}
        />
        <Button type="submit" variant="primary" loading={add.isPending} className="sm:mt-7">
          <Plus aria-hidden="true" /> Add site
        </Button>
      </form>
      <p className="mt-4 text-sm text-text-muted">
        Whoever opens such a page can read the key in it. Limit the key to what the page needs.{' '}
        <Link to="/docs/$page" params={{ page: 'api-keys' }} className="text-accent underline">
          About API keys
        </Link>
      </p>
    </Panel>
  )
}

/** Of the address, where that is what was wrong. */
function whatIsWrong(error: unknown): string {
  return (error instanceof ParleyError && error.fields.origin) || explainError(error)
}

function Origins({ origins }: { origins: WebOrigin[] }) {
  const client = useQueryClient()
  const toast = useToast()
  const [removing, setRemoving] = useState<WebOrigin>()
  const remove = async ({ id, origin }: WebOrigin) => {
    try {
      await parley.webOrigins.remove(id)
      toast({ message: `Pages of ${origin} are refused.`, tone: 'success' })
    } catch (error) {
      toast({ message: explainError(error), tone: 'danger' })
    }
    await client.invalidateQueries({ queryKey })
  }
  if (origins.length === 0) {
    return (
      <Panel>
        <EmptyState icon={<Globe />} title="No other site yet">
          Browsers refuse the pages of all sites but this one, whatever key they have.
        </EmptyState>
      </Panel>
    )
  }
  return (
    <Panel>
      <h2 className="px-5 pt-5 font-medium">Sites</h2>
      <ul className="divide-y divide-border">
        {origins.map((each) => (
          <li key={each.id} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-5 py-4">
            <div className="min-w-48 flex-1">
              <p className="break-all font-medium">{each.origin}</p>
              <p className="text-sm text-text-muted">
                added {formatDate(each.createdAt)}
                {each.createdBy && ` by ${each.createdBy}`}
              </p>
            </div>
            <Button variant="ghost" size="small" onClick={() => setRemoving(each)} aria-label={`Remove ${each.origin}`}>
              Remove
            </Button>
          </li>
        ))}
      </ul>
      <ConfirmDialog
        open={removing !== undefined}
        onOpenChange={() => setRemoving(undefined)}
        title={`Remove ${removing?.origin}?`}
        description="Its pages cannot call the API from now on. The keys in them go on working elsewhere: revoke those that nobody needs."
        confirmLabel="Remove site"
        danger
        onConfirm={() => (removing ? remove(removing) : undefined)}
      />
    </Panel>
  )
}
