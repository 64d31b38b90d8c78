import type { PresetSummary } from '@parley/contract'
import { Button, Callout, EmptyState, Skeleton, TextField } from '@parley/ui'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Plus, SlidersHorizontal } from 'lucide-react'
import { useDeferredValue, useState } from 'react'
import { useMay } from '../identity/me.ts'
import { explainError } from '../shell/explain-error.ts'
import { Panel, SettingsHead } from '../shell/settings-page.tsx'
import { useTitle } from '../shell/use-title.ts'
import { listPresets } from './list-presets.ts'
import { PresetDialog } from './preset-dialog.tsx'
import { PresetRow } from './preset-row.tsx'

export function PresetsPage() {
  useTitle('Presets')
  const mayWrite = useMay('presets:write')
  const [making, setMaking] = useState(false)
  const [search, setSearch] = useState('')
  const sought = useDeferredValue(search.trim())
  const own = useInfiniteQuery(listPresets(sought, 'own'))
  const shared = useInfiniteQuery(listPresets(sought, 'shared'))
  const sections = [
    { title: 'Yours', list: own },
    { title: 'Shared with you', list: shared },
  ]
  const error = own.error ?? shared.error
  const isLoaded = own.data !== undefined && shared.data !== undefined
  const isEmpty = isLoaded && sections.every(({ list }) => list.data?.pages[0]?.data.length === 0)
  return (
    <>
      <SettingsHead
        title="Presets"
        action={
          mayWrite && (
            <Button variant="primary" onClick={() => setMaking(true)}>
              <Plus aria-hidden="true" /> New preset
            </Button>
          )
        }
      >
        Instructions, a model and tools under one name, to begin chats with. Choose one beside the model under a
        message.
      </SettingsHead>
      {(!isEmpty || sought !== '') && (
        <TextField
          label="Search presets"
          labelHidden
          type="search"
          placeholder="Search presets"
          className="mb-5 max-w-sm"
          maxLength={100}
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
        />
      )}
      {error ? (
        <Callout
          tone="danger"
          actions={<Button onClick={() => Promise.all(sections.map(({ list }) => list.refetch()))}>Try again</Button>}
        >
          {explainError(error)}
        </Callout>
      ) : (
        !isLoaded && <Skeleton />
      )}
      {isEmpty &&
        (sought === '' ? (
          <EmptyState
            icon={<SlidersHorizontal />}
            title="No presets yet"
            actions={
              mayWrite && (
                <Button variant="primary" onClick={() => setMaking(true)}>
                  Make the first
                </Button>
              )
            }
          >
            {mayWrite
              ? 'Make one for what you ask for again and again: a translator, a reviewer, a tone of voice.'
              : 'Those that others share with you will be listed here.'}
          </EmptyState>
        ) : (
          <p className="text-text-muted">No preset is called “{sought}”.</p>
        ))}
      <div className="flex flex-col gap-8">
        {sections.map(({ title, list }) => (
          <PresetList
            key={title}
            title={title}
            rows={list.data?.pages.flatMap((page) => page.data) ?? []}
            onMore={list.hasNextPage ? () => void list.fetchNextPage() : undefined}
            isLoadingMore={list.isFetchingNextPage}
          />
        ))}
      </div>
      {making && <PresetDialog onClose={() => setMaking(false)} />}
    </>
  )
}

function PresetList({
  title,
  rows,
  onMore,
  isLoadingMore,
}: {
  title: string
  rows: readonly PresetSummary[]
  /** Undefined where there are no more. */
  onMore: (() => void) | undefined
  isLoadingMore: boolean
}) {
  if (rows.length === 0) return null
  return (
    <section aria-label={title}>
      <h2 className="mb-3 font-medium text-sm text-text-muted">{title}</h2>
      <Panel>
        <ul className="divide-y divide-border">
          {rows.map((preset) => (
            <PresetRow key={preset.id} preset={preset} />
          ))}
        </ul>
      </Panel>
      {onMore && (
        <Button className="mt-4" loading={isLoadingMore} onClick={onMore}>
          Show more
        </Button>
      )}
    </section>
  )
}
