import { Button, Callout, Skeleton } from '@parley/ui'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { Fingerprint, Smartphone } from 'lucide-react'
import { useState } from 'react'
import { parley } from '../../parley.ts'
import { useTitle } from '../shell/use-title.ts'
import { AuthPage } from './auth-page.tsx'
import { findMe, useMe } from './me.ts'
import { explainFailure } from './security/explain.ts'
import { canUsePasskeys } from './security/passkey-browser.ts'
import { AddPasskeyDialog } from './security/passkey-dialogs.tsx'
import { useWithProof } from './security/proof.tsx'
import { RecoveryCodesDialog } from './security/recovery-codes-dialog.tsx'
import { findSecurity, useSecurity } from './security/security-query.ts'
import { TotpDialog } from './security/totp-dialog.tsx'
import { useSignOut } from './sign-out.ts'
import { useSignedIn } from './use-signed-in.ts'

const route = getRouteApi('/second-factor')

/** Where a workspace that asks for a second factor leads those who have not shown one. Nothing else works until then. */
export function SecondFactorPage() {
  useTitle('Second step')
  const { next } = route.useSearch()
  const me = useMe()
  const client = useQueryClient()
  const signedIn = useSignedIn(next)
  const withProof = useWithProof()
  const signOut = useSignOut()
  const security = useSecurity()
  const [addingPasskey, setAddingPasskey] = useState(false)
  const [codes, setCodes] = useState<string[]>()
  const begin = useMutation({ mutationFn: () => withProof(() => parley.security.startTotp()) })
  const goOn = async () => {
    void client.invalidateQueries({ queryKey: findSecurity.queryKey })
    const user = await client.fetchQuery({ ...findMe, staleTime: 0 })
    if (user) await signedIn(user)
  }
  // Anything that asks for a proof: the proof is the second factor here.
  const show = useMutation({ mutationFn: () => withProof(() => parley.security.startTotp()), onSettled: goOn })
  const added = (recoveryCodes: string[] | null) => {
    setAddingPasskey(false)
    begin.reset()
    if (recoveryCodes) setCodes(recoveryCodes)
    else void goOn()
  }
  const hasFactor = security.data && (security.data.totpSince !== null || security.data.passkeys > 0)
  const passkeysHere = security.data?.passkeyOrigin === location.origin && canUsePasskeys()
  const failure = explainFailure(begin.error ?? show.error ?? security.error)
  return (
    <AuthPage
      title={hasFactor ? 'Show your second step' : 'Set up a second step'}
      lead={`${me?.workspace.name ?? 'Your workspace'} asks everyone for a second step beside the password.`}
    >
      <div className="flex flex-col gap-4">
        {security.isPending && <Skeleton />}
        {failure && (
          <Callout tone="danger" live>
            {failure}
          </Callout>
        )}
        {hasFactor && (
          <Button variant="primary" size="large" loading={show.isPending} onClick={() => show.mutate()}>
            Confirm that it is you
          </Button>
        )}
        {security.data && !hasFactor && (
          <>
            {passkeysHere && (
              <Button variant="primary" size="large" onClick={() => setAddingPasskey(true)}>
                <Fingerprint aria-hidden="true" /> Make a passkey
              </Button>
            )}
            <Button
              variant={passkeysHere ? 'secondary' : 'primary'}
              size="large"
              loading={begin.isPending}
              onClick={() => begin.mutate()}
            >
              <Smartphone aria-hidden="true" /> Set up an authenticator app
            </Button>
          </>
        )}
        <Button variant="ghost" className="self-start" onClick={() => signOut.mutate()} loading={signOut.isPending}>
          Sign out
        </Button>
      </div>
      {begin.data && <TotpDialog setUp={begin.data} onDone={added} onClose={() => begin.reset()} />}
      {addingPasskey && <AddPasskeyDialog onAdded={added} onClose={() => setAddingPasskey(false)} />}
      {codes && <RecoveryCodesDialog codes={codes} onClose={() => void goOn()} />}
    </AuthPage>
  )
}
