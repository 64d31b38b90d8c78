import type { SignInProvider, SignInSettings } from '@parley/contract'
import { ParleyError } from '@parley/sdk'
import { Button, Callout, CopyButton, Switch, TextField, useToast } from '@parley/ui'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { parley } from '../../../parley.ts'
import { explainError } from '../../shell/explain-error.ts'
import { Panel } from '../../shell/settings-page.tsx'
import { refreshSignIn, signInSettingsKey } from './sign-in-settings.ts'

/** Who gets an account by themselves, and whether single sign-on is the only way. */
export function PolicyPanel({ settings, providers }: { settings: SignInSettings; providers: SignInProvider[] }) {
  const client = useQueryClient()
  const toast = useToast()
  const save = useMutation({
    mutationFn: (change: Parameters<typeof parley.signIn.updateSettings>[0]) => parley.signIn.updateSettings(change),
    onSuccess: async (saved) => {
      client.setQueryData(signInSettingsKey, saved)
      toast({ message: 'Saved.', tone: 'success' })
      await refreshSignIn(client)
    },
  })
  const failedFor = (field: 'ssoOnly' | 'ssoProviders' | 'domains') =>
    save.error && save.variables?.[field] !== undefined ? save.error : null
  return (
    <>
      <Domains
        key={settings.domains.join()}
        domains={settings.domains}
        error={failedFor('domains')}
        saving={save.isPending && save.variables.domains !== undefined}
        onSave={(domains) => save.mutate({ domains })}
      />
      <Panel className="flex flex-col gap-5 p-6">
        <Switch
          label="Single sign-on only"
          hint={
            settings.ownersKeepPassword
              ? 'Members sign in through a provider, and no longer with a password. Owners can do both, so that a broken provider locks nobody out.'
              : 'Everyone signs in through a provider, owners too: the operator of this server has decided so.'
          }
          checked={settings.ssoOnly}
          disabled={save.isPending}
          onCheckedChange={(ssoOnly) => save.mutate({ ssoOnly })}
        />
        {(failedFor('ssoOnly') ?? failedFor('ssoProviders')) && (
          <Callout tone="danger" live>
            {explainError(save.error)}
          </Callout>
        )}
        {settings.ssoOnly && (
          <fieldset className="flex flex-col gap-2">
            <legend className="mb-2 font-medium text-sm">Providers that count</legend>
            {providers.map(({ id, name }) => (
              <label key={id} className="flex items-center gap-2 text-sm">
                <input
                  type="checkbox"
                  className="size-4 accent-accent"
                  checked={settings.ssoProviders.includes(id)}
                  onChange={(event) =>
                    save.mutate({
                      ssoProviders: event.currentTarget.checked
                        ? [...settings.ssoProviders, id]
                        : settings.ssoProviders.filter((other) => other !== id),
                    })
                  }
                />
                {name}
              </label>
            ))}
            <p className="text-sm text-text-muted">None chosen: every one of them counts.</p>
          </fieldset>
        )}
      </Panel>
      <Panel className="p-6">
        <h2 className="font-medium">Sign-in page of this workspace</h2>
        <p className="mt-1 text-sm text-text-muted">Send people here: it offers the providers above.</p>
        <p className="mt-2 flex items-start gap-1">
          <code className="break-all text-sm">{settings.signInUrl}</code>
          <CopyButton text={settings.signInUrl} label="Copy the address of the sign-in page" />
        </p>
      </Panel>
    </>
  )
}

function Domains({
  domains,
  error,
  saving,
  onSave,
}: {
  domains: string[]
  error: Error | null
  saving: boolean
  onSave: (domains: string[]) => void
}) {
  const [text, setText] = useState(domains.join(', '))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    onSave(text.split(/[\s,;]+/).filter(Boolean))
  }
  const field = error instanceof ParleyError ? Object.values(error.fields)[0] : undefined
  return (
    <Panel className="p-6">
      <form onSubmit={submit} className="flex flex-wrap items-end gap-3">
        <TextField
          label="Email domains"
          hint="Whoever signs in through a provider with a verified address at one of these gets an account. Leave it empty to admit only people whom you invite; * means any address."
          placeholder="example.com, example.org"
          className="min-w-56 flex-1 basis-full"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          spellCheck={false}
          autoCapitalize="off"
          error={error ? (field ?? explainError(error)) : undefined}
        />
        <Button type="submit" loading={saving}>
          Save domains
        </Button>
      </form>
    </Panel>
  )
}
