import type { WorkspaceRole } from '@parley/contract'
import { ParleyError } from '@parley/sdk'
import { Badge, Button, Callout, Dialog, Select, Skeleton, useToast } from '@parley/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ChevronRight, Plus } from 'lucide-react'
import { useState } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { Panel, SettingsHead } from '../shell/settings-page.tsx'
import { useTitle } from '../shell/use-title.ts'
import { listRoles } from './list-roles.ts'
import { useMay } from './me.ts'
import { permissionGroups } from './permissions.ts'
import { RoleDialog } from './role-dialog.tsx'

export function RolesPage() {
  useTitle('Roles')
  const mayManage = useMay('workspace:manage')
  const roles = useQuery(listRoles)
  const [making, setMaking] = useState(false)
  const rows = roles.data?.data ?? []
  return (
    <>
      <SettingsHead
        title="Roles"
        action={
          mayManage && (
            <Button variant="primary" onClick={() => setMaking(true)}>
              <Plus aria-hidden="true" /> New role
            </Button>
          )
        }
      >
        What people may do here. Four roles are built in; make your own where none of them fits.
      </SettingsHead>
      {roles.isPending && <Skeleton />}
      {roles.error && (
        <Callout tone="danger" actions={<Button onClick={() => roles.refetch()}>Try again</Button>}>
          {explainError(roles.error)}
        </Callout>
      )}
      <div className="flex flex-col gap-4">
        {rows.map((role) => (
          <RolePanel key={role.id} role={role} roles={rows} mayManage={mayManage} />
        ))}
      </div>
      {making && <RoleDialog onClose={() => setMaking(false)} />}
    </>
  )
}

function RolePanel({ role, roles, mayManage }: { role: WorkspaceRole; roles: WorkspaceRole[]; mayManage: boolean }) {
  const [open, setOpen] = useState(false)
  const [editing, setEditing] = useState(false)
  const [deleting, setDeleting] = useState(false)
  const { name, description, scopes, builtIn, memberCount, grantable } = role
  return (
    <Panel>
      <div className="flex flex-wrap items-start gap-x-4 gap-y-2 px-5 py-4">
        <div className="min-w-48 flex-1">
          <h2 className="flex flex-wrap items-center gap-2 font-medium">
            <span className="break-words">{name}</span>
            {builtIn && <Badge>built in</Badge>}
          </h2>
          {description && <p className="break-words text-sm text-text-muted">{description}</p>}
        </div>
        <span className="text-sm text-text-muted">{memberCount === 1 ? '1 person' : `${memberCount} people`}</span>
        {!builtIn && mayManage && (
          <div className="flex gap-1">
            <Button size="small" onClick={() => setEditing(true)} disabled={!grantable} aria-label={`Edit ${name}`}>
              Edit
            </Button>
            <Button
              size="small"
              variant="ghost"
              onClick={() => setDeleting(true)}
              disabled={!grantable}
              aria-label={`Delete ${name}`}
            >
              Delete
            </Button>
          </div>
        )}
      </div>
      {!builtIn && mayManage && !grantable && (
        <p className="px-5 pb-3 text-sm text-text-muted">
          It allows more than your own role does, so that you cannot change or give it.
        </p>
      )}
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        className="-outline-offset-2 flex w-full cursor-pointer items-center gap-2 border-border border-t px-5 py-2.5 text-start text-sm text-text-muted hover:bg-surface hover:text-text"
      >
        <ChevronRight aria-hidden="true" className={open ? 'size-4 rotate-90' : 'size-4 rtl:rotate-180'} />
        {scopes.length === 1 ? '1 permission' : `${scopes.length} permissions`}
        <span className="sr-only"> of {name}</span>
      </button>
      {open && (
        <dl className="grid gap-x-6 gap-y-4 border-border border-t px-5 py-4 text-sm sm:grid-cols-2">
          {permissionGroups.map(({ title, permissions }) => {
            const held = Object.entries(permissions).filter(([scope]) => (scopes as string[]).includes(scope))
            return (
              held.length > 0 && (
                <div key={title}>
                  <dt className="font-medium">{title}</dt>
                  {held.map(([scope, permission]) => (
                    <dd key={scope} className="text-text-muted">
                      {permission.name}
                    </dd>
                  ))}
                </div>
              )
            )
          })}
        </dl>
      )}
      {editing && <RoleDialog role={role} onClose={() => setEditing(false)} />}
      {deleting && <DeleteDialog role={role} roles={roles} onClose={() => setDeleting(false)} />}
    </Panel>
  )
}

/** Asks which role people get instead, where people have it. */
function DeleteDialog({ role, roles, onClose }: { role: WorkspaceRole; roles: WorkspaceRole[]; onClose: () => void }) {
  const client = useQueryClient()
  const toast = useToast()
  const others = roles.filter(({ id, grantable }) => id !== role.id && grantable)
  const [replacement, setReplacement] = useState(
    others.some(({ id }) => id === 'viewer') ? 'viewer' : (others[0]?.id ?? ''),
  )
  // What else gives it (invitations, rules) the server says when it refuses.
  const [needsReplacement, setNeedsReplacement] = useState(role.memberCount > 0)
  const remove = useMutation({
    mutationFn: () => parley.roles.delete(role.id, needsReplacement ? replacement : undefined),
    onError: (error) => {
      if (error instanceof ParleyError && error.code === 'role_in_use') setNeedsReplacement(true)
    },
    onSuccess: () => {
      toast({ message: `“${role.name}” is deleted.`, tone: 'success' })
      onClose()
    },
    onSettled: () => client.invalidateQueries({ queryKey: listRoles.queryKey }),
  })
  return (
    <Dialog
      open
      onOpenChange={onClose}
      size="small"
      title={`Delete “${role.name}”?`}
      description={
        role.memberCount > 0
          ? `${role.memberCount === 1 ? 'One person has' : `${role.memberCount} people have`} this role. They get another one at once, and so do their API keys.`
          : 'Nobody has it. This cannot be undone.'
      }
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="danger"
            loading={remove.isPending}
            disabled={needsReplacement && replacement === ''}
            onClick={() => remove.mutate()}
          >
            Delete role
          </Button>
        </>
      }
    >
      {remove.error && (
        <Callout tone="danger" live>
          {explainError(remove.error)}
        </Callout>
      )}
      {needsReplacement && (
        <Select
          label="In its place"
          options={others.map(({ id, name }) => ({ value: id, label: name }))}
          value={replacement}
          onChange={(event) => setReplacement(event.currentTarget.value)}
        />
      )}
    </Dialog>
  )
}
