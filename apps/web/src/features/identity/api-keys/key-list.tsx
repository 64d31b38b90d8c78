import type { ApiKey, CreatedApiKey, Scope } from '@parley/contract'
import { Button, Callout, ConfirmDialog, EmptyState, Skeleton, useToast } from '@parley/ui'
import { useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { KeyRound } from 'lucide-react'
import { useState } from 'react'
import { parley } from '../../../parley.ts'
import { explainError } from '../../shell/explain-error.ts'
import { Panel } from '../../shell/settings-page.tsx'
import { KeyDialog } from './key-dialog.tsx'
import { KeyRow } from './key-row.tsx'
import { RotateDialog } from './rotate-dialog.tsx'
import { ShownOnce } from './shown-once.tsx'

type Open = { what: 'edit' | 'rotate' | 'revoke'; key: ApiKey }

/** Keys of one's own, or of a service account, with all that can be done with them. */
export function KeyList({
  serviceAccountId,
  possible,
  making,
  onMakingEnd,
  empty,
}: {
  serviceAccountId?: string
  possible: Scope[]
  /** Whether the dialog to make one is open. */
  making: boolean
  onMakingEnd: () => void
  empty: string
}) {
  const client = useQueryClient()
  const toast = useToast()
  const [open, setOpen] = useState<Open>()
  const [made, setMade] = useState<CreatedApiKey>()
  const keys = useInfiniteQuery({
    queryKey: ['api-keys', serviceAccountId],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ signal, pageParam }) => parley.apiKeys.list({ serviceAccountId, cursor: pageParam }, { signal }),
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  })
  const all = keys.data?.pages.flatMap(({ data }) => data)
  const close = () => setOpen(undefined)
  const revoke = async (key: ApiKey) => {
    try {
      await parley.apiKeys.revoke(key.id)
      toast({ message: `“${key.name}” no longer works.`, tone: 'success' })
      await client.invalidateQueries({ queryKey: ['api-keys'] })
      await client.invalidateQueries({ queryKey: ['service-accounts'] })
    } catch (error) {
      toast({ message: explainError(error), tone: 'danger' })
    }
  }
  return (
    <>
      {keys.isPending && <Skeleton />}
      {keys.error && <Callout tone="danger">{explainError(keys.error)}</Callout>}
      {all?.length === 0 && (
        <EmptyState icon={<KeyRound />} title="No keys yet">
          {empty}
        </EmptyState>
      )}
      {all && all.length > 0 && (
        <Panel>
          <ul className="divide-y divide-border">
            {all.map((key) => (
              <KeyRow
                key={key.id}
                of={key}
                onEdit={() => setOpen({ what: 'edit', key })}
                onRotate={() => setOpen({ what: 'rotate', key })}
                onRevoke={() => setOpen({ what: 'revoke', key })}
              />
            ))}
          </ul>
        </Panel>
      )}
      {keys.hasNextPage && (
        <Button className="mt-4" onClick={() => void keys.fetchNextPage()} loading={keys.isFetchingNextPage}>
          Show older keys
        </Button>
      )}
      {making && (
        <KeyDialog possible={possible} serviceAccountId={serviceAccountId} onMade={setMade} onClose={onMakingEnd} />
      )}
      {open?.what === 'edit' && (
        <KeyDialog
          editing={open.key}
          possible={[...new Set([...possible, ...open.key.scopes])]}
          serviceAccountId={serviceAccountId}
          onMade={setMade}
          onClose={close}
        />
      )}
      {open?.what === 'rotate' && <RotateDialog of={open.key} onMade={setMade} onClose={close} />}
      {made && <ShownOnce made={made} onClose={() => setMade(undefined)} />}
      <ConfirmDialog
        open={open?.what === 'revoke'}
        onOpenChange={close}
        title={`Revoke “${open?.key.name}”?`}
        description="Whatever uses it is refused from now on. This cannot be undone."
        confirmLabel="Revoke key"
        danger
        onConfirm={() => (open ? revoke(open.key) : undefined)}
      />
    </>
  )
}
