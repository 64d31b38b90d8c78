import type { BodyOf, PasskeyAssertion, passkeyEndpoints } from '@parley/contract'
import {
  browserSupportsWebAuthn,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  startAuthentication,
  startRegistration,
  WebAuthnError,
} from '@simplewebauthn/browser'

/** A passkey that was not used or made, in words for people. */
export class PasskeyError extends Error {}

/** Whether this browser can use passkeys at all, here: under a host name, and not under an address. */
export function canUsePasskeys(): boolean {
  return browserSupportsWebAuthn() && !/^[\d.]+$|:/.test(location.hostname)
}

/** Asks the browser for a passkey. `autofill`: offers it in the email field, and waits until one is chosen. */
export async function askForPasskey(options: object, { autofill = false } = {}): Promise<PasskeyAssertion> {
  try {
    const { id, rawId, type, response, authenticatorAttachment } = await startAuthentication({
      optionsJSON: options as PublicKeyCredentialRequestOptionsJSON,
      useBrowserAutofill: autofill,
    })
    const { clientDataJSON, authenticatorData, signature, userHandle } = response
    return {
      ...{ id, rawId, type, authenticatorAttachment, clientExtensionResults: {} },
      response: { clientDataJSON, authenticatorData, signature, userHandle },
    }
  } catch (error) {
    throw explained(error, 'use')
  }
}

/** Has the browser make a passkey. */
export async function makePasskey(
  options: object,
): Promise<BodyOf<(typeof passkeyEndpoints)['addPasskey']>['response']> {
  try {
    const { id, rawId, type, response, authenticatorAttachment } = await startRegistration({
      optionsJSON: options as unknown as PublicKeyCredentialCreationOptionsJSON,
    })
    const { clientDataJSON, attestationObject, transports } = response
    return {
      ...{ id, rawId, type, authenticatorAttachment, clientExtensionResults: {} },
      response: { clientDataJSON, attestationObject, transports },
    }
  } catch (error) {
    throw explained(error, 'make')
  }
}

function explained(error: unknown, act: 'use' | 'make'): unknown {
  if (!(error instanceof Error)) return error
  const code = error instanceof WebAuthnError ? error.code : undefined
  if (code === 'ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED' || error.name === 'InvalidStateError') {
    return new PasskeyError('This device has a passkey of yours already. Use it, or choose another device.')
  }
  if (code === 'ERROR_INVALID_DOMAIN' || code === 'ERROR_INVALID_RP_ID' || error.name === 'SecurityError') {
    return new PasskeyError('Passkeys work only under the address that this server is set up for.')
  }
  if (code === 'ERROR_AUTHENTICATOR_MISSING_DISCOVERABLE_CREDENTIAL_SUPPORT') {
    return new PasskeyError('This security key cannot keep passkeys. Choose another device.')
  }
  if (code === 'ERROR_AUTHENTICATOR_MISSING_USER_VERIFICATION_SUPPORT') {
    return new PasskeyError(
      'This security key asks for no PIN or fingerprint. Set one up on it, or choose another device.',
    )
  }
  if (error.name === 'NotAllowedError' || error.name === 'AbortError' || code === 'ERROR_CEREMONY_ABORTED') {
    return new PasskeyError(
      act === 'use'
        ? 'No passkey was used: it was cancelled, or took too long.'
        : 'No passkey was made: it was cancelled, or took too long.',
    )
  }
  return new PasskeyError(`The browser could not ${act} the passkey. Try again, or choose another device.`)
}
