import type { WorkspacePlan } from '@parley/contract'
import { Badge, Select, useToast } from '@parley/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { parley } from '../../../parley.ts'
import { explainError } from '../../shell/explain-error.ts'
import { Panel } from '../../shell/settings-page.tsx'
import { listPlans, listWorkspacePlans } from './list-limits.ts'

/** Which workspace of the installation is on which plan. */
export function WorkspacePlans() {
  const workspaces = useQuery(listWorkspacePlans).data?.data ?? []
  if (workspaces.length === 0) return null
  return (
    <section aria-labelledby="workspace-plans">
      <h2 id="workspace-plans" className="mb-3 font-display text-xl">
        Workspaces
      </h2>
      <Panel>
        <ul className="divide-y divide-border">
          {workspaces.map((workspace) => (
            <WorkspaceRow key={workspace.workspaceId} workspace={workspace} />
          ))}
        </ul>
      </Panel>
    </section>
  )
}

function WorkspaceRow({ workspace }: { workspace: WorkspacePlan }) {
  const client = useQueryClient()
  const toast = useToast()
  const plans = useQuery(listPlans).data?.data ?? []
  const move = useMutation({
    mutationFn: (choice: string) => parley.limits.setWorkspacePlan(workspace.workspaceId, choice || null),
    onSuccess: async () => {
      toast({ message: `The plan of ${workspace.name} is changed.`, tone: 'success' })
      await client.invalidateQueries({ queryKey: ['limits'] })
      await client.invalidateQueries({ queryKey: ['billing'] })
    },
    onError: (error) => toast({ message: explainError(error), tone: 'danger' }),
  })
  const nameOf = (id: string | null) => plans.find((plan) => plan.id === id)?.name
  const paidFor = nameOf(workspace.subscribedPlanId)
  // What counts is known only while it is what is chosen.
  const standing = workspace.source === 'operator' ? '' : `: ${nameOf(workspace.planId) ?? ''}`
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-5 py-4">
      <div className="min-w-0 flex-1 basis-48">
        <h3 className="flex flex-wrap items-center gap-2 break-words font-medium">
          {workspace.name}
          {workspace.isOperator && <Badge>Runs this installation</Badge>}
        </h3>
        {paidFor !== undefined && (
          <p className="text-sm text-text-muted">
            Pays for {paidFor}
            {workspace.source === 'operator' && ', which does not count while you choose the plan'}
          </p>
        )}
      </div>
      <Select
        label={`Plan of ${workspace.name}`}
        labelHidden
        className="w-56"
        disabled={move.isPending}
        options={[
          {
            value: '',
            label: workspace.subscribedPlanId === null ? `Standard${standing}` : `As paid for${standing}`,
          },
          ...plans.map(({ id, name }) => ({ value: id, label: name })),
        ]}
        value={move.isPending ? move.variables : workspace.source === 'operator' ? workspace.planId : ''}
        onChange={(event) => move.mutate(event.currentTarget.value)}
      />
    </li>
  )
}
