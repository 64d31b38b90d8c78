import type { Invitation } from '@parley/contract'
import { Button, Callout, CopyButton, Dialog, Select, TextField } from '@parley/ui'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { parley } from '../../../parley.ts'
import { explainError } from '../../shell/explain-error.ts'
import { RoleSelect } from './role-select.tsx'

const ways = [
  { value: 'email', label: 'By email' },
  { value: 'link', label: 'By a link to hand over' },
]
const days = [1, 7, 30, 90].map((value) => ({ value: String(value), label: value === 1 ? 'A day' : `${value} days` }))
const uses = [1, 5, 25, 100].map((value) => ({ value: String(value), label: value === 1 ? 'One' : `Up to ${value}` }))

interface Outcome {
  made: Invitation[]
  failed: { email: string; why: string }[]
}

/** Invites people by their addresses, or makes a link. */
export function InviteDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient()
  const form = useId()
  const [way, setWay] = useState('email')
  const [emails, setEmails] = useState('')
  const [role, setRole] = useState('member')
  const [expiresInDays, setExpiresInDays] = useState('7')
  const [maxUses, setMaxUses] = useState('1')
  const invite = useMutation({
    mutationFn: async (): Promise<Outcome> => {
      const common = { role, expiresInDays: Number(expiresInDays) }
      if (way === 'link') {
        return { made: [await parley.invitations.create({ ...common, maxUses: Number(maxUses) })], failed: [] }
      }
      const outcome: Outcome = { made: [], failed: [] }
      for (const email of addressesIn(emails)) {
        try {
          outcome.made.push(await parley.invitations.create({ ...common, email }))
        } catch (error) {
          outcome.failed.push({ email, why: explainError(error) })
        }
      }
      return outcome
    },
    onSuccess: ({ failed }) => setEmails(failed.map(({ email }) => email).join('\n')),
    onSettled: () => client.invalidateQueries({ queryKey: ['invitations'] }),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    invite.mutate()
  }
  const toHandOver = invite.data?.made.filter(({ url }) => url !== null) ?? []
  const isDone = invite.data !== undefined && invite.data.failed.length === 0
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Invite people"
      actions={
        isDone ? (
          <Button variant="primary" onClick={onClose}>
            Done
          </Button>
        ) : (
          <>
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" form={form} variant="primary" loading={invite.isPending}>
              {way === 'link' ? 'Make link' : 'Invite'}
            </Button>
          </>
        )
      }
    >
      {invite.data && invite.data.made.length > toHandOver.length && (
        <Callout tone="success" live>
          {sent(invite.data.made.length - toHandOver.length)}
        </Callout>
      )}
      {toHandOver.map(({ id, email, url }) => (
        <div key={id} className="flex flex-col gap-2">
          <p className="text-text-muted">{email ? `For ${email}. Hand it over yourself:` : 'Hand this link over:'}</p>
          <div className="flex items-center gap-2 rounded-md border border-border bg-sunken p-2 ps-3">
            <code className="min-w-0 flex-1 select-all break-all font-mono text-sm" data-testid="invitation-link">
              {url}
            </code>
            <CopyButton text={url ?? ''} label="Copy link" size="medium" />
          </div>
        </div>
      ))}
      {!isDone && (
        <form id={form} onSubmit={submit} className="flex flex-col gap-5">
          {invite.error && (
            <Callout tone="danger" live>
              {explainError(invite.error)}
            </Callout>
          )}
          {invite.data?.failed.map(({ email, why }) => (
            <Callout key={email} tone="danger" live title={email}>
              {why}
            </Callout>
          ))}
          <Select label="How" options={ways} value={way} onChange={(event) => setWay(event.currentTarget.value)} />
          {way === 'email' && (
            <TextField
              multiline
              label="Email addresses"
              hint="Several on lines of their own, or with commas between them."
              required
              value={emails}
              onChange={(event) => setEmails(event.currentTarget.value)}
            />
          )}
          <RoleSelect label="Role" labelHidden={false} value={role} onChange={setRole} />
          <Select
            label="Works for"
            options={days}
            value={expiresInDays}
            onChange={(event) => setExpiresInDays(event.currentTarget.value)}
          />
          {way === 'link' && (
            <Select
              label="How many people"
              options={uses}
              value={maxUses}
              onChange={(event) => setMaxUses(event.currentTarget.value)}
            />
          )}
        </form>
      )}
    </Dialog>
  )
}

function addressesIn(text: string): string[] {
  return [...new Set(text.split(/[\s,;]+/).filter(Boolean))]
}

function sent(count: number): string {
  return count === 1 ? 'The invitation is on its way.' : `${count} invitations are on their way.`
}
