import type { UsageEntry } from '@parley/contract'
import { Badge, Button, Callout } from '@parley/ui'
import { useInfiniteQuery } from '@tanstack/react-query'
import { ChevronRight } from 'lucide-react'
import { useState } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { formatCost, formatCount, formatDuration } from '../shell/format.ts'
import { Panel } from '../shell/settings-page.tsx'

/** Single calls, newest first; fetched when they are opened. */
export function UsageCalls({ source, from }: { source: 'mine' | 'workspace'; from: string }) {
  const [open, setOpen] = useState(false)
  const calls = useInfiniteQuery({
    queryKey: ['usage', source, 'calls', from],
    queryFn: ({ pageParam, signal }) => {
      const query = { from, limit: 50, cursor: pageParam }
      return source === 'mine' ? parley.myUsage.entries(query, { signal }) : parley.usage.entries(query, { signal })
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    enabled: open,
  })
  const entries = calls.data?.pages.flatMap(({ data }) => data) ?? []
  return (
    <Panel>
      <details className="group/calls" onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary className="flex items-center gap-2 rounded-lg px-5 py-3.5 text-sm hover:text-text">
          <ChevronRight
            aria-hidden="true"
            className="size-4 transition-transform group-open/calls:rotate-90 rtl:rotate-180"
          />
          Single calls
        </summary>
        {calls.error && <Callout tone="danger">{explainError(calls.error)}</Callout>}
        <ul className="divide-y divide-border border-border border-t">
          {entries.map((entry) => (
            <Call key={entry.id} entry={entry} withPerson={source === 'workspace'} />
          ))}
        </ul>
        {calls.hasNextPage && (
          <div className="border-border border-t p-3 text-center">
            <Button size="small" loading={calls.isFetchingNextPage} onClick={() => calls.fetchNextPage()}>
              Show more
            </Button>
          </div>
        )}
      </details>
    </Panel>
  )
}

const outcomes = { stopped: 'Stopped', failed: 'Failed', lost: 'Lost' }

function Call({ entry, withPerson }: { entry: UsageEntry; withPerson: boolean }) {
  const {
    createdAt,
    userName,
    apiKeyName,
    model,
    purpose,
    inputTokens,
    outputTokens,
    costMicroUsd,
    latencyMs,
    outcome,
    estimated,
  } = entry
  return (
    <li className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1 px-5 py-2.5 text-sm">
      <div className="min-w-0">
        <p className="flex flex-wrap items-center gap-2">
          <span className="break-all">{model}</span>
          {purpose === 'title' && <Badge>Title</Badge>}
          {outcome !== 'finished' && <Badge tone="warning">{outcomes[outcome]}</Badge>}
          {estimated && <Badge>Estimate</Badge>}
        </p>
        <p className="text-text-muted">
          <time dateTime={createdAt}>{new Date(createdAt).toLocaleString()}</time>
          {withPerson && ` · ${userName ?? 'someone who left'}`}
          {apiKeyName && ` · key ${apiKeyName}`}
        </p>
      </div>
      <p className="text-text-muted tabular-nums">
        {formatCount(inputTokens)} in · {formatCount(outputTokens)} out · {formatDuration(latencyMs)} ·{' '}
        {costMicroUsd === null ? 'price not known' : formatCost(costMicroUsd)}
      </p>
    </li>
  )
}
