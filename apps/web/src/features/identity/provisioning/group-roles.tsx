import type { Group } from '@parley/contract'
import { Button, Callout, Select, Skeleton, useToast } from '@parley/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { parley } from '../../../parley.ts'
import { explainError } from '../../shell/explain-error.ts'
import { FormDialog } from '../../shell/form-dialog.tsx'
import { Panel } from '../../shell/settings-page.tsx'
import { listAllGroups } from '../list-groups.ts'
import { useMay } from '../me.ts'
import { RoleSelect } from '../people/role-select.tsx'

/** Which groups of the directory give a role. */
export function GroupRoles() {
  const mayManage = useMay('people:manage')
  const [adding, setAdding] = useState(false)
  const { data: groups, error } = useQuery(listAllGroups)
  const giving = groups?.filter(({ role }) => role !== null) ?? []
  return (
    <Panel className="p-5">
      <div className="flex flex-wrap items-start justify-between gap-x-4 gap-y-3">
        <div className="min-w-0 flex-1 basis-72">
          <h2 className="font-medium">Roles by group</h2>
          <p className="mt-1 text-sm text-text-muted">
            Whoever your directory puts into such a group has its role; who leaves has the one of before again. Of
            several, the highest counts. Owners are made by hand alone.
          </p>
        </div>
        {mayManage && (
          <Button size="small" onClick={() => setAdding(true)}>
            <Plus aria-hidden="true" /> Add role
          </Button>
        )}
      </div>
      {groups === undefined && !error && <Skeleton />}
      {error && <Callout tone="danger">{explainError(error)}</Callout>}
      {groups && giving.length === 0 && <p className="mt-4 text-sm text-text-muted">No group gives a role yet.</p>}
      {giving.length > 0 && (
        <ul aria-label="Groups that give a role" className="mt-3 divide-y divide-border border-border border-t">
          {giving.map((group) => (
            <GivingGroup key={group.id} group={group} mayManage={mayManage} />
          ))}
        </ul>
      )}
      {adding && <AddDialog groups={groups ?? []} onClose={() => setAdding(false)} />}
    </Panel>
  )
}

function GivingGroup({ group, mayManage }: { group: Group; mayManage: boolean }) {
  const { id, name, role, memberCount } = group
  const toast = useToast()
  const save = useSetRole()
  const give = (next: string | null) =>
    save.mutate(
      { id, role: next },
      {
        onSuccess: (saved) => {
          const message = saved.role ? `${name} gives ${saved.role.name} now.` : `${name} gives no role any more.`
          const undo = { label: 'Undo', onSelect: () => give(role?.id ?? null) }
          toast({ message, tone: 'success', action: undo })
        },
        onError: (error) => toast({ message: explainError(error), tone: 'danger' }),
      },
    )
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 py-3">
      <div className="min-w-40 flex-1">
        <p className="break-words">{name}</p>
        <p className="text-sm text-text-muted">{memberCount === 1 ? '1 person' : `${memberCount} people`}</p>
      </div>
      {mayManage ? (
        <>
          <RoleSelect
            label={`Role that ${name} gives`}
            value={role?.id ?? ''}
            without={['owner']}
            busy={save.isPending}
            onChange={give}
          />
          <Button
            size="small"
            variant="ghost"
            disabled={save.isPending}
            onClick={() => give(null)}
            aria-label={`Take the role from ${name}`}
          >
            Take away
          </Button>
        </>
      ) : (
        <span className="text-sm">{role?.name}</span>
      )}
    </li>
  )
}

function AddDialog({ groups, onClose }: { groups: Group[]; onClose: () => void }) {
  const save = useSetRole()
  const choices = groups.filter(({ role }) => role === null).map(({ id, name }) => ({ value: id, label: name }))
  const [chosen, setChosen] = useState<string>()
  const [role, setRole] = useState('member')
  const id = chosen ?? choices[0]?.value
  const submit = () => {
    if (id !== undefined) save.mutate({ id, role }, { onSuccess: onClose })
  }
  return (
    <FormDialog
      size="small"
      title="A role for a group"
      description="It counts at once for everyone who is in the group. From then on only your directory says who is: its people cannot be changed here, nor by sign-in rules."
      submitLabel="Give role"
      failure={save.error ? explainError(save.error) : undefined}
      busy={save.isPending}
      disabled={id === undefined}
      onSubmit={submit}
      onClose={onClose}
    >
      {id === undefined ? (
        <p>There is no group left to choose. Your directory makes them, or you do under Groups.</p>
      ) : (
        <>
          <Select
            label="Group"
            options={choices}
            value={id}
            onChange={(event) => setChosen(event.currentTarget.value)}
          />
          <RoleSelect
            label="Role"
            labelHidden={false}
            value={role}
            without={['owner']}
            onChange={(roleId) => setRole(roleId)}
          />
        </>
      )}
    </FormDialog>
  )
}

function useSetRole() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: ({ id, role }: { id: string; role: string | null }) => parley.groups.setRole(id, role),
    onSettled: () => Promise.all([['groups'], ['people']].map((queryKey) => client.invalidateQueries({ queryKey }))),
  })
}
