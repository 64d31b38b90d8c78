import type { ClaimRule, SignInKind, SignInProvider, WorkspaceRole } from '@parley/contract'
import { Button, IconButton, Select, type SelectOption, TextField } from '@parley/ui'
import { useQuery } from '@tanstack/react-query'
import { Plus, Trash2 } from 'lucide-react'
import { listAllGroups } from '../list-groups.ts'
import { listRoles } from '../list-roles.ts'

/** What people usually go by. */
const examples: Record<SignInKind, { claim: string; value: string }> = {
  google: { claim: 'hd', value: 'example.com' },
  microsoft: { claim: 'roles', value: 'Parley.Admin' },
  github: { claim: 'organizations', value: 'your-organization' },
  oidc: { claim: 'groups', value: 'parley-admins' },
}

/** Rules from what a provider says of people to what they may do here. */
export function ClaimRules({
  kind,
  rules,
  onChange,
  defaultRole,
  onDefaultRole,
}: {
  kind: SignInKind
  rules: ClaimRule[]
  onChange: (rules: ClaimRule[]) => void
  defaultRole: SignInProvider['defaultRole']
  onDefaultRole: (role: SignInProvider['defaultRole']) => void
}) {
  const roles = useQuery(listRoles).data?.data ?? []
  const groups = useQuery(listAllGroups).data ?? []
  const offered: SelectOption[] = [
    ...roles
      .filter(({ grantable }) => grantable)
      .map(({ id, name }) => ({ value: `role ${id}`, label: name, group: 'Role' })),
    ...groups.map(({ id, name }) => ({ value: `group ${id}`, label: name, group: 'Group' })),
  ]
  const change = (at: number, part: Partial<ClaimRule>) =>
    onChange(rules.map((rule, index) => (index === at ? { ...rule, ...part } : rule)))
  return (
    <fieldset className="flex flex-col gap-3">
      <legend className="mb-1 font-medium text-sm">Roles and groups</legend>
      <p className="text-sm text-text-muted">
        Applied at every sign-in: of several roles that fit, the highest counts; of groups, all. For example:{' '}
        {examples[kind].claim} is {examples[kind].value}.
      </p>
      {rules.map((rule, index) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: rules have no other identity while they are typed
          key={index}
          className="grid grid-cols-[1fr_auto] items-end gap-2 sm:grid-cols-[1fr_1fr_10rem_auto]"
        >
          <TextField
            label={`Claim of rule ${index + 1}`}
            labelHidden={index > 0}
            placeholder={examples[kind].claim}
            value={rule.claim}
            maxLength={200}
            required
            spellCheck={false}
            className="col-span-2 sm:col-span-1"
            onChange={(event) => change(index, { claim: event.currentTarget.value })}
          />
          <TextField
            label={`Value of rule ${index + 1}`}
            labelHidden={index > 0}
            placeholder={examples[kind].value}
            value={rule.value}
            maxLength={300}
            required
            spellCheck={false}
            className="col-span-2 sm:col-span-1"
            onChange={(event) => change(index, { value: event.currentTarget.value })}
          />
          <Select
            label={`Rule ${index + 1} gives`}
            labelHidden={index > 0}
            value={giftOf(rule)}
            options={withHeld(offered, rule, roles)}
            onChange={(event) => change(index, readGift(event.currentTarget.value))}
          />
          <IconButton
            label={`Remove rule ${index + 1}`}
            onClick={() => onChange(rules.filter((_, other) => other !== index))}
          >
            <Trash2 />
          </IconButton>
        </div>
      ))}
      <Button
        size="small"
        className="self-start"
        disabled={rules.length >= 200}
        onClick={() => onChange([...rules, { claim: '', value: '', role: 'member' }])}
      >
        <Plus aria-hidden="true" /> Add rule
      </Button>
      <Select
        label="Everyone else"
        hint="Whom no rule gives a role. Refusing them also takes a role back that a rule gave before."
        value={defaultRole ?? 'none'}
        options={[
          { value: 'member', label: 'Member' },
          { value: 'viewer', label: 'Viewer' },
          { value: 'admin', label: 'Admin' },
          { value: 'none', label: 'Refuse, if there are rules' },
        ]}
        onChange={(event) => {
          const chosen = event.currentTarget.value
          onDefaultRole(chosen === 'none' ? null : (chosen as NonNullable<typeof defaultRole>))
        }}
      />
    </fieldset>
  )
}

function giftOf({ role, groupId }: ClaimRule): string {
  return groupId === undefined ? `role ${role}` : `group ${groupId}`
}

function readGift(value: string): Pick<ClaimRule, 'role' | 'groupId'> {
  const [kind, id = ''] = value.split(' ')
  return kind === 'group' ? { role: undefined, groupId: id } : { role: id, groupId: undefined }
}

/** With what the rule gives now, also where the person could not choose it, or it is gone. */
function withHeld(offered: SelectOption[], rule: ClaimRule, roles: readonly WorkspaceRole[]): SelectOption[] {
  const held = giftOf(rule)
  if (offered.some(({ value }) => value === held)) return offered
  const role = roles.find(({ id }) => id === rule.role)?.name ?? 'A role that is gone'
  return [{ value: held, label: rule.groupId === undefined ? role : 'A group that is gone' }, ...offered]
}
