import type { SignInProvider } from '@parley/contract'
import { Button, Callout, EmptyState, Skeleton } from '@parley/ui'
import { useQuery } from '@tanstack/react-query'
import { KeyRound, Plus } from 'lucide-react'
import { useState } from 'react'
import { parley } from '../../../parley.ts'
import { explainError } from '../../shell/explain-error.ts'
import { Panel, SettingsHead } from '../../shell/settings-page.tsx'
import { useTitle } from '../../shell/use-title.ts'
import { useMay } from '../me.ts'
import { SecondFactorPolicyPanel } from '../security/second-factor-policy.tsx'
import { PolicyPanel } from './policy-panel.tsx'
import { ProviderRow } from './provider-row.tsx'
import { SignInProviderDialog } from './sign-in-provider-dialog.tsx'
import { signInProvidersKey, useSignInSettings } from './sign-in-settings.ts'

/** How people sign in to the workspace: providers, who gets in by them, whether they are the only way, the second step. */
export function SignInSettingsPage() {
  useTitle('Sign-in')
  const mayManage = useMay('workspace:manage')
  const settings = useSignInSettings(mayManage)
  const providers = useQuery({
    queryKey: signInProvidersKey,
    queryFn: ({ signal }) => parley.signInProviders.list({ limit: 200 }, { signal }),
    enabled: mayManage,
  })
  const [dialog, setDialog] = useState<'new' | SignInProvider>()
  const rows = providers.data?.data ?? []
  const error = providers.error ?? settings.error
  return (
    <>
      <SettingsHead
        title="Sign-in"
        action={
          mayManage && (
            <Button variant="primary" disabled={!settings.data} onClick={() => setDialog('new')}>
              <Plus aria-hidden="true" /> Add provider
            </Button>
          )
        }
      >
        How people get in: by password, or through an identity provider of yours.
      </SettingsHead>
      {!mayManage && <Callout>Only people who manage the workspace can see and change how people sign in.</Callout>}
      {error && <Callout tone="danger">{explainError(error)}</Callout>}
      {mayManage && (providers.isPending || settings.isPending) && <Skeleton />}
      <div className="flex flex-col gap-6">
        {providers.data && (
          <Panel>
            {rows.length === 0 ? (
              <EmptyState icon={<KeyRound />} title="Passwords only, so far">
                Add Google, Microsoft, GitHub or any OpenID Connect provider, and people sign in with the account they
                have there.
              </EmptyState>
            ) : (
              <ul className="divide-y divide-border">
                {rows.map((provider) => (
                  <ProviderRow key={provider.id} provider={provider} onEdit={setDialog} />
                ))}
              </ul>
            )}
          </Panel>
        )}
        {settings.data && providers.data && <PolicyPanel settings={settings.data} providers={rows} />}
        {mayManage && <SecondFactorPolicyPanel />}
      </div>
      {dialog && settings.data && (
        <SignInProviderDialog
          provider={dialog === 'new' ? undefined : dialog}
          prepared={settings.data.newProvider}
          onClose={() => setDialog(undefined)}
        />
      )}
    </>
  )
}
