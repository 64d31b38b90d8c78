import * as oidc from 'openid-client'
import type { Ctx } from '../../../platform/context.ts'
import { messageOf } from '../../../platform/errors.ts'
import { openProvider } from './exchange-code.ts'
import { idTokenContext } from './finish-flow.ts'
import { findProvider } from './providers.ts'
import { findIdToken } from './store.ts'

/**
 * Where to send the browser so that the session with the identity provider ends as well (OpenID Connect RP-Initiated
 * Logout 1.0); null when the session began without one, or it does not offer that. Never fails: signing out here goes on.
 */
export async function providerSignOutUrl(ctx: Ctx): Promise<string | null> {
  try {
    const session = await findIdToken(ctx.db, ctx.actor.credentialId)
    if (session?.providerId == null || session.sealedIdToken === null) return null
    const provider = await findProvider(ctx, session.providerId)
    if (provider === undefined) return null
    const configuration = await openProvider(ctx, provider)
    if (configuration.serverMetadata().end_session_endpoint === undefined) return null
    return oidc.buildEndSessionUrl(configuration, {
      id_token_hint: ctx.keyring.open(session.sealedIdToken, idTokenContext(session.userId)),
      post_logout_redirect_uri: `${ctx.config.http.publicUrl}/login`,
    }).href
  } catch (error) {
    ctx.log.warn({ reason: messageOf(error) }, 'The session with the identity provider goes on.')
    return null
  }
}
