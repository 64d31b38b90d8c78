import type { AuditEntry } from '@parley/contract'
import { Badge, Button, Callout, EmptyState, Skeleton } from '@parley/ui'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Download, ScrollText } from 'lucide-react'
import { useState } from 'react'
import { useMay } from '../identity/me.ts'
import { explainError } from '../shell/explain-error.ts'
import { Panel, SettingsHead } from '../shell/settings-page.tsx'
import { useTitle } from '../shell/use-title.ts'
import { AuditEntryDialog } from './audit-entry-dialog.tsx'
import { AuditFilterBar } from './audit-filter-bar.tsx'
import { AuditSettingsPanel } from './audit-settings-panel.tsx'
import { type AuditFilters, actorOf, listAudit, noFilters, queryOf, subjectOf } from './list-audit.ts'
import { VerifyPanel } from './verify-panel.tsx'

export function AuditPage() {
  useTitle('Audit log')
  const mayManage = useMay('audit:manage')
  const [filters, setFilters] = useState(noFilters)
  return (
    <>
      <SettingsHead
        title="Audit log"
        action={
          <a
            href={`/api/v1/audit/export?${new URLSearchParams(queryOf(filters))}`}
            download
            className="inline-flex h-10 items-center gap-2 rounded-md border border-border-strong/60 bg-raised px-4 font-medium text-sm hover:border-border-strong hover:bg-surface [&_svg]:size-[1.15em]"
          >
            <Download aria-hidden="true" /> Export
          </a>
        }
      >
        Who did what, when and from where. Entries are chained: none can be changed or removed without it showing.
      </SettingsHead>
      <div className="flex flex-col gap-6">
        <VerifyPanel chain={filters.chain} />
        <Panel>
          <AuditFilterBar filters={filters} onChange={setFilters} />
          <Entries filters={filters} onNarrow={(change) => setFilters({ ...filters, ...change })} />
        </Panel>
        <AuditSettingsPanel mayManage={mayManage} />
      </div>
    </>
  )
}

function Entries({ filters, onNarrow }: { filters: AuditFilters; onNarrow: (change: Partial<AuditFilters>) => void }) {
  const log = useInfiniteQuery(listAudit(filters))
  const [shown, setShown] = useState<AuditEntry>()
  const entries = log.data?.pages.flatMap(({ data }) => data) ?? []
  return (
    <div className="border-border border-t">
      {log.isPending && <Skeleton className="m-5" />}
      {log.error && (
        <Callout tone="danger" className="m-5">
          {explainError(log.error)}
        </Callout>
      )}
      {log.data && entries.length === 0 && (
        <EmptyState icon={<ScrollText />} title="Nothing fits">
          No entry is like that. Take a filter away, or choose more days.
        </EmptyState>
      )}
      <ul className="divide-y divide-border">
        {entries.map((entry) => (
          <li key={entry.sequence}>
            <EntryRow entry={entry} onOpen={() => setShown(entry)} />
          </li>
        ))}
      </ul>
      {log.hasNextPage && (
        <div className="border-border border-t p-3 text-center">
          <Button size="small" loading={log.isFetchingNextPage} onClick={() => log.fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
      {shown && (
        <AuditEntryDialog
          entry={shown}
          onClose={() => setShown(undefined)}
          onNarrow={(change) => {
            setShown(undefined)
            onNarrow(change)
          }}
        />
      )}
    </div>
  )
}

function EntryRow({ entry, onOpen }: { entry: AuditEntry; onOpen: () => void }) {
  const { at, title, outcome, address, actorKind, credentialName } = entry
  const subject = subjectOf(entry)
  const actor = actorOf(entry)
  return (
    <button
      type="button"
      onClick={onOpen}
      className="flex w-full flex-wrap items-baseline justify-between gap-x-4 gap-y-1 px-5 py-3 text-start text-sm hover:bg-sunken"
    >
      <span className="min-w-0">
        <span className="flex flex-wrap items-center gap-2">
          <span className="font-medium">{title}</span>
          {outcome === 'refused' && <Badge tone="warning">Refused</Badge>}
          {actorKind === 'api-key' && <Badge>{credentialName ? `Key ${credentialName}` : 'API key'}</Badge>}
        </span>
        <span className="block break-words text-text-muted">
          {actor}
          {subject !== '' && subject !== actor && ` · ${subject}`}
        </span>
      </span>
      <span className="text-text-muted tabular-nums">
        <time dateTime={at}>{new Date(at).toLocaleString()}</time>
        {address && ` · ${address}`}
      </span>
    </button>
  )
}
