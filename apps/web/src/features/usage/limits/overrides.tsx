import type { LimitOverride } from '@parley/contract'
import { Badge, Callout, ConfirmDialog, EmptyState, IconButton, Menu, MenuItem, Skeleton, useToast } from '@parley/ui'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Ellipsis, Gauge, Pencil, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { parley } from '../../../parley.ts'
import { explainError } from '../../shell/explain-error.ts'
import { Panel } from '../../shell/settings-page.tsx'
import { LimitBar } from './limit-bar.tsx'
import { figures, listOverrides, whose } from './list-limits.ts'
import { OverrideDialog } from './override-dialog.tsx'

/** Other figures than the plan's, with what is left where they are counted together. */
export function Overrides({ mayManage }: { mayManage: boolean }) {
  const overrides = useQuery(listOverrides)
  const [changing, setChanging] = useState<LimitOverride>()
  if (overrides.isPending) return <Skeleton />
  if (overrides.error) return <Callout tone="danger">{explainError(overrides.error)}</Callout>
  const rows = overrides.data.data
  return (
    <section aria-label="Set for some">
      {rows.length === 0 ? (
        <EmptyState icon={<Gauge />} title="The plan counts for everyone">
          Set other figures for the workspace, a group, a person, an API key or a model.
        </EmptyState>
      ) : (
        <Panel>
          <ul className="divide-y divide-border">
            {rows.map((override) => (
              <OverrideRow key={override.id} override={override} mayManage={mayManage} onChange={setChanging} />
            ))}
          </ul>
        </Panel>
      )}
      {changing && <OverrideDialog override={changing} onClose={() => setChanging(undefined)} />}
    </section>
  )
}

function OverrideRow({
  override,
  mayManage,
  onChange,
}: {
  override: LimitOverride
  mayManage: boolean
  onChange: (override: LimitOverride) => void
}) {
  const client = useQueryClient()
  const toast = useToast()
  const [removing, setRemoving] = useState(false)
  const title = whose(override)
  const remove = async () => {
    try {
      await parley.limits.deleteOverride(override.id)
      toast({ message: 'The limit is removed.', tone: 'success' })
      await client.invalidateQueries({ queryKey: ['limits'] })
    } catch (error) {
      toast({ message: explainError(error), tone: 'danger' })
    }
  }
  return (
    <li className="flex flex-col gap-3 px-5 py-4">
      <div className="flex items-start gap-4">
        <div className="min-w-0 flex-1">
          <h2 className="flex flex-wrap items-center gap-2 break-words font-medium">
            {title}
            {override.abovePlan && <Badge>May exceed the plan</Badge>}
          </h2>
          <p className="text-sm text-text-muted">{figures(override)}</p>
        </div>
        {mayManage && (
          <Menu
            align="end"
            trigger={
              <IconButton label={`More for ${title}`} size="small" tooltip={false}>
                <Ellipsis />
              </IconButton>
            }
          >
            <MenuItem icon={<Pencil />} onSelect={() => onChange(override)}>
              Change
            </MenuItem>
            <MenuItem icon={<Trash2 />} danger onSelect={() => setRemoving(true)}>
              Remove
            </MenuItem>
          </Menu>
        )}
      </div>
      {override.state && <LimitBar state={override.state} label={title} />}
      <ConfirmDialog
        open={removing}
        onOpenChange={setRemoving}
        title="Remove this limit?"
        description={`${title}: what is set more widely, or the plan, counts again.`}
        confirmLabel="Remove"
        danger
        onConfirm={remove}
      />
    </li>
  )
}
