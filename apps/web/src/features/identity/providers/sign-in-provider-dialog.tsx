import type { SignInKind, SignInProvider, SignInSettings } from '@parley/contract'
import { ParleyError } from '@parley/sdk'
import { Button, Callout, CopyButton, classNames, Dialog, Switch, TextField, useToast } from '@parley/ui'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { parley } from '../../../parley.ts'
import { explainError } from '../../shell/explain-error.ts'
import { ClaimRules } from './claim-rules.tsx'
import { refreshSignIn } from './sign-in-settings.ts'

const kinds: { kind: SignInKind; name: string; hint: string }[] = [
  {
    kind: 'google',
    name: 'Google',
    hint: 'An OAuth client of the kind “Web application” in the Google Cloud console.',
  },
  { kind: 'microsoft', name: 'Microsoft', hint: 'An app registration in Microsoft Entra, for the platform “Web”.' },
  { kind: 'github', name: 'GitHub', hint: 'An OAuth app in the developer settings of your account or organization.' },
  { kind: 'oidc', name: 'OpenID Connect', hint: 'Keycloak, Okta, Auth0, Authentik, or any other issuer.' },
]

/** Adds a provider, or changes `provider`. What does not work is kept only when asked for twice. */
export function SignInProviderDialog({
  provider,
  prepared,
  onClose,
}: {
  provider?: SignInProvider
  prepared: SignInSettings['newProvider']
  onClose: () => void
}) {
  const form = useId()
  const client = useQueryClient()
  const toast = useToast()
  const [kind, setKind] = useState<SignInKind>(provider?.kind ?? 'google')
  const preset = kinds.find((each) => each.kind === kind)!
  const [fields, setFields] = useState({
    name: provider?.name ?? preset.name,
    issuer: provider?.issuer ?? '',
    tenant: provider?.tenant ?? 'organizations',
    clientId: provider?.clientId ?? '',
    clientSecret: '',
    scopes: provider?.scopes.join(' ') ?? '',
    trustsEmail: provider?.trustsEmail ?? false,
    trustsSecondFactor: provider?.trustsSecondFactor ?? false,
    defaultRole: provider ? provider.defaultRole : ('member' as const),
    rules: provider?.rules ?? [],
  })
  const set = (part: Partial<typeof fields>) => setFields((before) => ({ ...before, ...part }))
  const typed = (name: 'name' | 'issuer' | 'tenant' | 'clientId' | 'clientSecret' | 'scopes') => ({
    value: fields[name],
    onChange: (event: React.ChangeEvent<HTMLInputElement>) => set({ [name]: event.currentTarget.value }),
    error: problems[name],
    spellCheck: false,
  })

  const save = useMutation({
    mutationFn: (force: boolean) => {
      const { issuer, tenant, clientSecret, scopes, ...rest } = fields
      const body = {
        ...rest,
        issuer: (kind === 'oidc' || kind === 'github') && issuer !== '' ? issuer : undefined,
        tenant: kind === 'microsoft' ? tenant : undefined,
        clientSecret: clientSecret || undefined,
        scopes: scopes.split(/[\s,]+/).filter(Boolean),
        force: force || undefined,
      }
      return provider
        ? parley.signInProviders.update(provider.id, changed(body, provider))
        : parley.signInProviders.create({ ...body, kind, id: prepared.id })
    },
    onSuccess: async ({ name, verdict }) => {
      toast(
        verdict.ok || verdict.code === 'untested'
          ? { message: `${name} is ready to sign in with.`, tone: 'success' }
          : { message: `${name} is saved, but does not work yet. ${verdict.detail}` },
      )
      onClose()
      await refreshSignIn(client)
    },
  })
  const problems = save.error instanceof ParleyError ? save.error.fields : {}
  const refused =
    save.error instanceof ParleyError && save.error.code !== 'invalid_request' && save.error.code !== 'network'
  const choose = (next: (typeof kinds)[number]) => {
    save.reset()
    setKind(next.kind)
    set({ name: next.name, issuer: '', trustsEmail: false })
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate(false)
  }
  return (
    <Dialog
      open
      onOpenChange={onClose}
      size="large"
      title={provider ? `Change ${provider.name}` : 'Add a sign-in provider'}
      actions={
        <>
          {refused && (
            <Button variant="ghost" className="me-auto" disabled={save.isPending} onClick={() => save.mutate(true)}>
              Save anyway
            </Button>
          )}
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} variant="primary" loading={save.isPending}>
            {save.isPending ? 'Trying it…' : 'Test and save'}
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} className="flex flex-col gap-5">
        {!provider && (
          <fieldset>
            <legend className="mb-2 font-medium text-sm">Provider</legend>
            <div className="grid grid-cols-2 gap-2 sm:grid-cols-4">
              {kinds.map((each) => (
                <label
                  key={each.kind}
                  className={classNames(
                    'cursor-pointer rounded-md border px-3 py-2 text-center text-sm transition-colors has-focus-visible:outline-2 has-focus-visible:outline-focus has-focus-visible:outline-offset-2',
                    each.kind === kind
                      ? 'border-accent bg-accent-soft font-medium text-accent'
                      : 'border-border-strong/60 hover:border-border-strong',
                  )}
                >
                  <input
                    type="radio"
                    name="kind"
                    className="sr-only"
                    checked={each.kind === kind}
                    onChange={() => choose(each)}
                  />
                  {each.name}
                </label>
              ))}
            </div>
            <p className="mt-2 text-sm text-text-muted">{preset.hint}</p>
          </fieldset>
        )}
        <div className="rounded-md bg-sunken px-4 py-3 text-sm">
          <p className="font-medium">Redirect address</p>
          <p className="mt-1 flex items-start gap-1">
            <code className="break-all">{provider?.redirectUri ?? prepared.redirectUri}</code>
            <CopyButton text={provider?.redirectUri ?? prepared.redirectUri} label="Copy the redirect address" />
          </p>
          <p className="mt-1 text-text-muted">Register it with the provider, exactly like this.</p>
        </div>
        {save.error && (
          <Callout tone="danger" live title={refused ? 'It did not work' : undefined}>
            {explainError(save.error)}
          </Callout>
        )}
        <TextField label="Name" hint="As the sign-in page calls it." maxLength={60} required {...typed('name')} />
        {kind === 'oidc' && (
          <TextField
            label="Issuer"
            type="url"
            hint="As the provider publishes it; /.well-known/openid-configuration follows it."
            placeholder="https://id.example.com/realms/team"
            required
            {...typed('issuer')}
          />
        )}
        {kind === 'github' && (
          <TextField
            label="Address of your GitHub Enterprise Server"
            type="url"
            hint="Leave it empty for github.com."
            placeholder="https://github.com"
            {...typed('issuer')}
          />
        )}
        {kind === 'microsoft' && (
          <TextField
            label="Tenant"
            hint="Your tenant’s id or domain; organizations admits all of them, common personal accounts as well."
            required
            {...typed('tenant')}
          />
        )}
        <TextField label="Client id" autoComplete="off" maxLength={500} required {...typed('clientId')} />
        <TextField
          label={kind === 'oidc' ? 'Client secret (if it has one)' : 'Client secret'}
          type="password"
          autoComplete="off"
          hint={
            provider?.hasSecret
              ? 'Leave it empty to keep the one that is stored.'
              : 'Stored encrypted, and never shown again.'
          }
          required={!provider && kind !== 'oidc'}
          {...typed('clientSecret')}
        />
        <ClaimRules
          kind={kind}
          rules={fields.rules}
          onChange={(rules) => set({ rules })}
          defaultRole={fields.defaultRole}
          onDefaultRole={(defaultRole) => set({ defaultRole })}
        />
        <details>
          <summary className="cursor-pointer font-medium text-sm">More</summary>
          <div className="mt-4 flex flex-col gap-5">
            <TextField
              label="Scopes"
              hint="Separated by spaces. Empty asks for what is needed."
              placeholder={kind === 'github' ? 'read:user user:email' : 'openid profile email'}
              {...typed('scopes')}
            />
            {kind !== 'github' && (
              <>
                <Switch
                  label="Take its email addresses as verified"
                  hint="Only for a provider in which nobody but your administrators can enter addresses."
                  checked={fields.trustsEmail}
                  onCheckedChange={(trustsEmail) => set({ trustsEmail })}
                />
                <Switch
                  label="Take its word for a second factor"
                  hint="When it says that it asked for one, nobody is asked again here."
                  checked={fields.trustsSecondFactor}
                  onCheckedChange={(trustsSecondFactor) => set({ trustsSecondFactor })}
                />
              </>
            )}
          </div>
        </details>
      </form>
    </Dialog>
  )
}

/** What differs from what is stored: a name alone is changed without trying the connection. */
function changed<T extends Record<string, unknown>>(body: T, provider: SignInProvider): Partial<T> {
  const stored = provider as unknown as Record<string, unknown>
  return Object.fromEntries(
    Object.entries(body).filter(
      ([name, value]) => value !== undefined && JSON.stringify(value) !== JSON.stringify(stored[name]),
    ),
  ) as Partial<T>
}
