import { SettingsHead } from '../shell/settings-layout.tsx'
import { useTitle } from '../shell/use-title.ts'
import { SecondFactorPolicyPanel } from './security/second-factor-policy.tsx'

/** How people sign in to this workspace. */
export function SignInPolicyPage() {
  useTitle('Sign-in')
  return (
    <>
      <SettingsHead title="Sign-in">How people sign in to this workspace.</SettingsHead>
      <SecondFactorPolicyPanel />
    </>
  )
}
