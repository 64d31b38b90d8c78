import type { WorkspacePlan } from '@parley/contract'
import { Badge, Select, useToast } from '@parley/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { parley } from '../../../parley.ts'
import { explainError } from '../../shell/explain-error.ts'
import { Panel } from '../../shell/settings-layout.tsx'
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
    mutationFn: (planId: string) => parley.limits.setWorkspacePlan(workspace.workspaceId, planId),
    onSuccess: async () => {
      toast({ message: `${workspace.name} is on another plan now.`, tone: 'success' })
      await client.invalidateQueries({ queryKey: ['limits'] })
    },
    onError: (error) => toast({ message: explainError(error), tone: 'danger' }),
  })
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-5 py-4">
      <h3 className="flex min-w-0 flex-1 basis-48 flex-wrap items-center gap-2 break-words font-medium">
        {workspace.name}
        {workspace.isOperator && <Badge>Runs this installation</Badge>}
      </h3>
      <Select
        label={`Plan of ${workspace.name}`}
        labelHidden
        className="w-48"
        disabled={move.isPending}
        options={plans.map(({ id, name }) => ({ value: id, label: name }))}
        value={move.isPending ? move.variables : workspace.planId}
        onChange={(event) => move.mutate(event.currentTarget.value)}
      />
    </li>
  )
}
