import type { Person } from '@parley/contract'
import { Badge, ConfirmDialog, IconButton, Menu, MenuItem, MenuSeparator, useToast } from '@parley/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { MoreHorizontal, ShieldOff, UserMinus } from 'lucide-react'
import { useState } from 'react'
import { parley } from '../../../parley.ts'
import { explainError } from '../../shell/explain-error.ts'
import { formatDate } from '../../shell/format.ts'
import { listRoles, roleNameOf } from '../list-roles.ts'
import { explainFailure } from '../security/explain.ts'
import { useWithProof } from '../security/proof.tsx'
import { RoleSelect } from './role-select.tsx'

/** A person with their role, and what those who manage people can do about them. */
export function PersonRow({ person, isMe }: { person: Person; isMe: boolean }) {
  const roles = useQuery(listRoles)
  const roleName = person.customRole?.name ?? roleNameOf(roles.data?.data ?? [], person.role)
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-5 py-4">
      <span
        aria-hidden="true"
        className="grid size-9 shrink-0 place-items-center rounded-full bg-accent-soft font-display font-semibold text-accent"
      >
        {[...person.name][0]?.toUpperCase()}
      </span>
      <div className="min-w-44 flex-1">
        <p className="flex items-center gap-2 font-medium">
          <bdi className="truncate">{person.name}</bdi> {isMe && <Badge>you</Badge>}
        </p>
        <p className="wrap-anywhere text-sm text-text-muted">
          {person.email} · here since {formatDate(person.joinedAt)}
          {person.roleByGroup && ' · role by a group of the directory'}
        </p>
      </div>
      <div className="flex items-center gap-2 max-sm:w-full max-sm:justify-end">
        {person.manageable && !person.roleByGroup ? (
          <RoleChoice person={person} isMe={isMe} />
        ) : (
          <Badge>{roleName}</Badge>
        )}
        {person.manageable && !isMe && <Actions person={person} />}
      </div>
    </li>
  )
}

/** Gives another role at once, with a way back; of one's own it asks first, since there may be none. */
function RoleChoice({ person, isMe }: { person: Person; isMe: boolean }) {
  const toast = useToast()
  const refresh = useRefresh()
  const roles = useQuery(listRoles).data?.data ?? []
  const [wanted, setWanted] = useState<string>()
  const held = person.customRole?.id ?? person.role
  const change = useMutation({
    mutationFn: (roleId: string) => parley.roles.assign(roleId, person.id),
    onSuccess: (_, roleId) => {
      const message = `${isMe ? 'You are' : `${person.name} is`} ${roleNameOf(roles, roleId)} now.`
      const undo = { label: 'Undo', onSelect: () => change.mutate(held) }
      toast({ message, tone: 'success', ...(isMe ? {} : { action: undo }) })
    },
    onError: (error) => toast({ message: explainError(error), tone: 'danger' }),
    onSettled: refresh,
  })
  return (
    <>
      <RoleSelect
        label={`Role of ${person.name}`}
        value={held}
        busy={change.isPending}
        onChange={(roleId) => (isMe ? setWanted(roleId) : change.mutate(roleId))}
      />
      <ConfirmDialog
        open={wanted !== undefined}
        onOpenChange={() => setWanted(undefined)}
        title={`Become ${wanted === undefined ? '' : roleNameOf(roles, wanted)}?`}
        description="It counts at once, for your API keys too. What you give up, only somebody who has it can give you back."
        confirmLabel="Change my role"
        danger
        onConfirm={() => {
          if (wanted !== undefined) change.mutate(wanted)
        }}
      />
    </>
  )
}

function Actions({ person }: { person: Person }) {
  const { id, name } = person
  const [asking, setAsking] = useState<'reset' | 'remove'>()
  const toast = useToast()
  const refresh = useRefresh()
  const withProof = useWithProof()
  const remove = async () => {
    try {
      await parley.people.remove(id)
      toast({ message: `${name} is out.`, tone: 'success' })
    } catch (error) {
      toast({ message: explainError(error), tone: 'danger' })
    }
    await refresh()
  }
  const reset = async () => {
    // Closed first: the question who sits there comes over the page.
    setAsking(undefined)
    try {
      await withProof(() => parley.secondFactorPolicy.reset(id))
      // Before it is told, the list knows it.
      await refresh()
      toast({ message: `The second step of ${name} is reset. They were told by mail.`, tone: 'success' })
    } catch (error) {
      const failure = explainFailure(error)
      if (failure) toast({ message: failure, tone: 'danger' })
      await refresh()
    }
  }
  return (
    <>
      <Menu
        align="end"
        trigger={
          <IconButton label={`More for ${name}`} size="small">
            <MoreHorizontal />
          </IconButton>
        }
      >
        {person.secondFactor && (
          <>
            <MenuItem icon={<ShieldOff />} onSelect={() => setAsking('reset')}>
              Reset second step
            </MenuItem>
            <MenuSeparator />
          </>
        )}
        <MenuItem icon={<UserMinus />} danger onSelect={() => setAsking('remove')}>
          Remove
        </MenuItem>
      </Menu>
      <ConfirmDialog
        open={asking === 'reset'}
        onOpenChange={() => setAsking(undefined)}
        title={`Reset the second step of ${name}?`}
        description="For somebody who lost their phone and their recovery codes. Their authenticator app, passkeys and recovery codes are removed, and they are signed out everywhere; they sign in with their password or provider alone, and are told by mail. Make sure that it is really them who asks."
        confirmLabel="Reset second step"
        danger
        onConfirm={reset}
      />
      <ConfirmDialog
        open={asking === 'remove'}
        onOpenChange={() => setAsking(undefined)}
        title={`Remove ${name}?`}
        description="They are signed out of this workspace at once, replies that are being written for them stop, and their API keys and invitations stop working. What they wrote stays. To come back they need a new invitation."
        confirmLabel="Remove"
        danger
        onConfirm={remove}
      />
    </>
  )
}

/** Loads again what shows who is here and what they may do. */
function useRefresh() {
  const client = useQueryClient()
  return () => Promise.all(['people', 'invitations', 'me'].map((key) => client.invalidateQueries({ queryKey: [key] })))
}
