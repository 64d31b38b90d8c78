import { Callout, Skeleton } from '@parley/ui'
import { SettingsHead } from '../../shell/settings-page.tsx'
import { useTitle } from '../../shell/use-title.ts'
import { ConnectedAccounts } from '../providers/connected-accounts.tsx'
import { explainFailure } from './explain.ts'
import { PasskeysSection } from './passkeys-section.tsx'
import { PasswordSection } from './password-section.tsx'
import { RecoveryCodesSection } from './recovery-codes-section.tsx'
import { useSecurity } from './security-query.ts'
import { TwoStepSection } from './two-step-section.tsx'

/** How the person signs in, and what protects that. */
export function SecurityPage() {
  useTitle('Security')
  const security = useSecurity()
  return (
    <>
      <SettingsHead title="Security">How you sign in, and what protects your account.</SettingsHead>
      {security.isPending && <Skeleton />}
      {security.error && <Callout tone="danger">{explainFailure(security.error)}</Callout>}
      {security.data && (
        <div className="flex flex-col gap-6">
          <PasskeysSection security={security.data} />
          <TwoStepSection security={security.data} />
          <RecoveryCodesSection security={security.data} />
          <PasswordSection hasPassword={security.data.hasPassword} />
          <ConnectedAccounts />
        </div>
      )}
    </>
  )
}
