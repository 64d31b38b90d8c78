import type { SignInAnswer } from '@parley/contract'
import { browserSupportsWebAuthnAutofill, WebAuthnAbortService } from '@simplewebauthn/browser'
import { useEffect, useRef, useState } from 'react'
import { parley } from '../../../parley.ts'
import { askForPasskey, canUsePasskeys, PasskeyError } from './passkey-browser.ts'

/** The server's challenge is good for ten minutes; a page that stays open longer asks for another. */
const renewMs = 9 * 60_000

/**
 * Offers passkeys in the email field, where the browser can do that, for as long as the page is open. Call the answer to
 * begin again after something else asked for a passkey.
 */
export function usePasskeyAutofill({
  enabled,
  onAnswer,
  onError,
}: {
  enabled: boolean
  onAnswer: (answer: SignInAnswer) => Promise<void>
  onError: (error: unknown) => void
}): () => void {
  const [round, setRound] = useState(0)
  const handlers = useRef({ onAnswer, onError })
  handlers.current = { onAnswer, onError }
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new round begins again.
  useEffect(() => {
    if (!enabled) return
    let over = false
    const offer = async () => {
      if (!canUsePasskeys() || !(await browserSupportsWebAuthnAutofill()) || over) return
      const options = await parley.auth.passkeyOptions()
      if (over) return
      const response = await askForPasskey(options, { autofill: true })
      if (!over) await handlers.current.onAnswer(await parley.auth.passkey(response))
    }
    offer().catch((error: unknown) => {
      // That nobody chose one, or that there is none to offer, is no failure.
      if (!over && !(error instanceof PasskeyError) && !isNetwork(error)) handlers.current.onError(error)
    })
    const renew = setTimeout(() => setRound((last) => last + 1), renewMs)
    return () => {
      over = true
      clearTimeout(renew)
      WebAuthnAbortService.cancelCeremony()
    }
  }, [enabled, round])
  return () => setRound((last) => last + 1)
}

/** Of asking for what to offer: the person did nothing yet, and is told when they do. */
function isNetwork(error: unknown): boolean {
  const code = (error as { code?: string } | null)?.code
  return code === 'network' || code === 'rate_limited' || code === 'unprocessable'
}
