import { type AuditAction, auditActions } from '@parley/contract'
import { Button, classNames, Select, TextField } from '@parley/ui'
import { useQuery } from '@tanstack/react-query'
import { X } from 'lucide-react'
import { getMyLimits } from '../usage/limits/list-limits.ts'
import { type AuditFilters, noFilters } from './list-audit.ts'

const actions = Object.entries(auditActions)
  .map(([value, { title }]) => ({ value, label: title }))
  .sort((a, b) => a.label.localeCompare(b.label))

export function AuditFilterBar({
  filters,
  onChange,
}: {
  filters: AuditFilters
  onChange: (filters: AuditFilters) => void
}) {
  const isOperator = useQuery(getMyLimits).data?.operator === true
  const set = (change: Partial<AuditFilters>) => onChange({ ...filters, ...change })
  const isNarrowed = JSON.stringify({ ...filters, chain: 'workspace' }) !== JSON.stringify(noFilters)
  return (
    <div className="flex flex-col gap-4 p-5">
      <div className={classNames('grid gap-4', isOperator ? 'sm:grid-cols-3' : 'sm:grid-cols-2 xl:grid-cols-4')}>
        <Select
          label="What"
          options={[{ value: '', label: 'Everything' }, ...actions]}
          value={filters.action}
          onChange={(event) => set({ action: event.currentTarget.value as AuditAction | '' })}
        />
        <Select
          label="Outcome"
          options={[
            { value: '', label: 'All' },
            { value: 'done', label: 'Done' },
            { value: 'refused', label: 'Refused' },
          ]}
          value={filters.outcome}
          onChange={(event) => set({ outcome: event.currentTarget.value as AuditFilters['outcome'] })}
        />
        <TextField
          type="date"
          label="From"
          value={filters.from}
          max={filters.to || undefined}
          onChange={(event) => set({ from: event.currentTarget.value })}
        />
        <TextField
          type="date"
          label="To"
          value={filters.to}
          min={filters.from || undefined}
          onChange={(event) => set({ to: event.currentTarget.value })}
        />
        {isOperator && (
          <Select
            label="Log"
            options={[
              { value: 'workspace', label: 'This workspace' },
              { value: 'installation', label: 'The installation' },
            ]}
            value={filters.chain}
            onChange={(event) => set({ chain: event.currentTarget.value as AuditFilters['chain'] })}
          />
        )}
      </div>
      {isNarrowed && (
        <div className="flex flex-wrap gap-2">
          {filters.actor && (
            <Button size="small" onClick={() => set({ actor: undefined })}>
              By {filters.actor.name} <X aria-hidden="true" />
              <span className="sr-only">, take away</span>
            </Button>
          )}
          {filters.subject && (
            <Button size="small" onClick={() => set({ subject: undefined })}>
              About {filters.subject.name} <X aria-hidden="true" />
              <span className="sr-only">, take away</span>
            </Button>
          )}
          <Button size="small" variant="ghost" onClick={() => onChange({ ...noFilters, chain: filters.chain })}>
            Show everything
          </Button>
        </div>
      )}
    </div>
  )
}
