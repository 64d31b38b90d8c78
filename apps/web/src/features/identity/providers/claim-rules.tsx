import type { ClaimRule, SignInKind, SignInProvider } from '@parley/contract'
import { Button, IconButton, Select, TextField } from '@parley/ui'
import { Plus, Trash2 } from 'lucide-react'

type Role = ClaimRule['role']

const roleNames: { value: Role; label: string }[] = [
  { value: 'viewer', label: 'Viewer' },
  { value: 'member', label: 'Member' },
  { value: 'admin', label: 'Admin' },
  { value: 'owner', label: 'Owner' },
]

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
  isOwner,
}: {
  kind: SignInKind
  rules: ClaimRule[]
  onChange: (rules: ClaimRule[]) => void
  defaultRole: SignInProvider['defaultRole']
  onDefaultRole: (role: SignInProvider['defaultRole']) => void
  isOwner: boolean
}) {
  const change = (at: number, part: Partial<ClaimRule>) =>
    onChange(rules.map((rule, index) => (index === at ? { ...rule, ...part } : rule)))
  return (
    <fieldset className="flex flex-col gap-3">
      <legend className="mb-1 font-medium text-sm">Roles</legend>
      <p className="text-sm text-text-muted">
        Applied at every sign-in; of several that fit, the highest role counts. For example: {examples[kind].claim} is{' '}
        {examples[kind].value}.
      </p>
      {rules.map((rule, index) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: rules have no other identity while they are typed
          key={index}
          className="grid grid-cols-[1fr_auto] items-end gap-2 sm:grid-cols-[1fr_1fr_8rem_auto]"
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
            label={`Role of rule ${index + 1}`}
            labelHidden={index > 0}
            value={rule.role}
            options={roleNames.filter(({ value }) => isOwner || value !== 'owner')}
            onChange={(event) => change(index, { role: event.currentTarget.value as Role })}
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
        hint="Whom no rule names. Refusing them also takes a role back that a rule gave before."
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
