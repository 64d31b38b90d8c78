import { identityEndpoints } from '@parley/contract'
import type { Http } from '../../platform/http/index.ts'
import { sendsMail } from '../../platform/mail/index.ts'
import { answerSignIn } from './answer-sign-in.ts'
import { mountApiKeys } from './api-keys/routes.ts'
import { clientOf } from './client.ts'
import { mountEmailedLinks } from './emailed-links/routes.ts'
import { mountGroups } from './groups/routes.ts'
import { mountInvitations } from './invitations/routes.ts'
import { mountProviderSignIn } from './oidc/routes.ts'
import { providerSignOutUrl } from './oidc/sign-out.ts'
import { mountPasskeys } from './passkeys/routes.ts'
import { mountPeople } from './people/routes.ts'
import { register } from './register.ts'
import { mountRoles } from './roles/routes.ts'
import { mountScim } from './scim/routes.ts'
import { mountSecondFactor } from './second-factor/routes.ts'
import { mountServiceAccounts } from './service-accounts/routes.ts'
import { clearSessionCookie } from './session-cookie.ts'
import { mountSessions } from './sessions/routes.ts'
import { endSession, logIn, refreshSession } from './sign-in.ts'
import { hasUsers } from './store.ts'
import { mountTokenKeys } from './token-keys/routes.ts'
import { getMe, updateMe } from './update-me.ts'
import { mountWebOrigins } from './web-origins/routes.ts'

/** Mounts sign-up and sign-in, the person's own account, who is in a workspace, API keys, service accounts, keys of tokens. */
export function mountIdentity(http: Http): void {
  http.publicRoute(identityEndpoints.getSetup, async (ctx) => ({
    needsOwner: !(await hasUsers(ctx.db)),
    signup: ctx.config.identity.signup,
    sendsMail: sendsMail(ctx),
  }))
  http.publicRoute(identityEndpoints.register, async (ctx, { body }, { request, reply }) => {
    const client = clientOf(ctx.config, request)
    return answerSignIn(ctx, reply, client, await register(ctx, body, client))
  })
  http.publicRoute(identityEndpoints.login, async (ctx, { body }, { request, reply }) => {
    const client = clientOf(ctx.config, request)
    return answerSignIn(ctx, reply, client, await logIn(ctx, body, client))
  })
  http.publicRoute(identityEndpoints.refresh, async (ctx, { body }, { request, reply }) =>
    answerSignIn(ctx, reply, clientOf(ctx.config, request), await refreshSession(ctx, body.refreshToken)),
  )
  http.route(identityEndpoints.logout, async (ctx, _input, { reply }) => {
    const continueAt = await providerSignOutUrl(ctx)
    await endSession(ctx, ctx.actor.credentialId)
    clearSessionCookie(ctx.config, reply)
    return { continueAt }
  })

  mountProviderSignIn(http)
  mountEmailedLinks(http)
  mountPeople(http)
  mountInvitations(http)

  http.route(identityEndpoints.getMe, (ctx) => getMe(ctx))
  http.route(identityEndpoints.updateMe, (ctx, { body }, { request }) => updateMe(ctx, body, request.ip))

  mountApiKeys(http)
  mountServiceAccounts(http)
  mountTokenKeys(http)
  mountRoles(http)
  mountGroups(http)
  mountScim(http)
  mountSecondFactor(http)
  mountPasskeys(http)
  mountSessions(http)
  mountWebOrigins(http)
}
