import type { ProofMethod } from '@parley/contract'
import { ParleyError } from '@parley/sdk'
import { Button, Callout, Dialog, Skeleton, TextField } from '@parley/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { createContext, type FormEvent, type ReactNode, use, useCallback, useId, useState } from 'react'
import { parley } from '../../../parley.ts'
import { useSignOut } from '../sign-out.ts'
import { CodeField } from './code-field.tsx'
import { explainFailure } from './explain.ts'
import { askForPasskey, canUsePasskeys } from './passkey-browser.ts'
import { ProofCancelled } from './proof-cancelled.ts'
import { findSecurity } from './security-query.ts'

type WithProof = <T>(act: () => Promise<T>) => Promise<T>

const ProofContext = createContext<WithProof | undefined>(undefined)

/**
 * For what the server does only after a recent proof: tries it, asks the person to confirm that it is them where that is
 * needed, and tries again. Throws `ProofCancelled` when they do not.
 */
export function useWithProof(): WithProof {
  const withProof = use(ProofContext)
  if (!withProof) throw new Error('useWithProof needs a ProofProvider above it.')
  return withProof
}

/** Shows the question, over whatever page asks for a proof. */
export function ProofProvider({ children }: { children: ReactNode }) {
  const [asked, setAsked] = useState<{ done: () => void; cancel: () => void }>()
  const withProof = useCallback<WithProof>(async (act) => {
    try {
      return await act()
    } catch (error) {
      if (!(error instanceof ParleyError) || error.code !== 'proof_required') throw error
      await new Promise<void>((resolve, reject) => {
        setAsked({ done: resolve, cancel: () => reject(new ProofCancelled('Not confirmed.')) })
      }).finally(() => setAsked(undefined))
      return act()
    }
  }, [])
  return (
    <ProofContext value={withProof}>
      {children}
      {asked && <ProofDialog onDone={asked.done} onCancel={asked.cancel} />}
    </ProofContext>
  )
}

const switchLabels: Record<ProofMethod, string> = {
  password: 'Use your password',
  totp: 'Use your authenticator app',
  passkey: 'Use a passkey',
}

function ProofDialog({ onDone, onCancel }: { onDone: () => void; onCancel: () => void }) {
  const client = useQueryClient()
  const form = useId()
  const signOut = useSignOut()
  // Asked anew: what proves a person may have changed since the page was opened.
  const security = useQuery({ ...findSecurity, staleTime: 0 })
  const methods = (security.data?.proofMethods ?? []).filter((method) => method !== 'passkey' || canUsePasskeys())
  const [chosen, setChosen] = useState<ProofMethod>()
  const method = chosen ?? methods[0]
  const prove = useMutation({
    mutationFn: async (fields: FormData | undefined) => {
      if (method === 'passkey') {
        const response = await askForPasskey(await parley.security.provePasskey())
        return parley.security.prove({ method, response })
      }
      if (method === 'totp') return parley.security.prove({ method, code: String(fields?.get('code')) })
      return parley.security.prove({ method: 'password', password: String(fields?.get('password')) })
    },
    onSuccess: () => {
      void client.invalidateQueries({ queryKey: findSecurity.queryKey })
      onDone()
    },
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    prove.mutate(new FormData(event.currentTarget))
  }
  const failure = explainFailure(prove.error ?? security.error)
  return (
    <Dialog
      open
      size="small"
      onOpenChange={(open) => !open && onCancel()}
      title="Confirm that it is you"
      description="What you are about to do needs it. You will not be asked again for ten minutes."
      actions={
        <>
          <Button onClick={onCancel}>Cancel</Button>
          {security.data && method === undefined ? (
            <Button variant="primary" onClick={() => signOut.mutate()} loading={signOut.isPending}>
              Sign out
            </Button>
          ) : (
            <Button
              variant="primary"
              type="submit"
              form={form}
              loading={prove.isPending}
              disabled={method === undefined}
            >
              {method === 'passkey' ? 'Use passkey' : 'Confirm'}
            </Button>
          )}
        </>
      }
    >
      {security.isPending && <Skeleton />}
      {failure && (
        <Callout tone="danger" live>
          {failure}
        </Callout>
      )}
      {security.data && method === undefined && (
        <p>Your account has nothing to confirm with here. Sign out and in again, and do this within ten minutes.</p>
      )}
      {method && (
        <form id={form} onSubmit={submit} className="flex flex-col gap-4">
          {method === 'password' && (
            <TextField
              key="password"
              label="Password"
              name="password"
              type="password"
              autoComplete="current-password"
              required
              autoFocus
            />
          )}
          {method === 'totp' && <CodeField autoFocus />}
          {method === 'passkey' && <p>Your browser asks for your fingerprint, face, PIN or security key.</p>}
        </form>
      )}
      {methods.length > 1 && (
        <div className="flex flex-wrap gap-2">
          {methods
            .filter((other) => other !== method)
            .map((other) => (
              <Button
                key={other}
                size="small"
                variant="ghost"
                onClick={() => {
                  prove.reset()
                  setChosen(other)
                }}
              >
                {switchLabels[other]}
              </Button>
            ))}
        </div>
      )}
    </Dialog>
  )
}
