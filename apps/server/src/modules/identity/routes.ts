import { identityEndpoints, type SignedIn } from '@parley/contract'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Platform } from '../../platform/context.ts'
import type { Http } from '../../platform/http/index.ts'
import { createApiKey, listApiKeys, revokeApiKey } from './api-keys.ts'
import { sessionDays } from './authenticate.ts'
import { register } from './register.ts'
import { clearSessionCookie, setSessionCookie } from './session-cookie.ts'
import { type Client, endSession, logIn, refreshSession, type SignInResult } from './sign-in.ts'
import { hasUsers } from './store.ts'
import { getMe, updateMe } from './update-me.ts'

/** Mounts sign-up and sign-in, the person's own account, and API keys. */
export function mountIdentity(http: Http): void {
  http.publicRoute(identityEndpoints.getSetup, async (ctx) => ({
    needsOwner: !(await hasUsers(ctx.db)),
    signup: ctx.config.identity.signup,
  }))
  http.publicRoute(identityEndpoints.register, async (ctx, { body }, { request, reply }) =>
    withCookie(ctx, reply, await register(ctx, body, clientOf(request))),
  )
  http.publicRoute(identityEndpoints.login, async (ctx, { body }, { request, reply }) =>
    withCookie(ctx, reply, await logIn(ctx, body, clientOf(request))),
  )
  http.publicRoute(identityEndpoints.refresh, async (ctx, { body }, { reply }) =>
    withCookie(ctx, reply, await refreshSession(ctx, body.refreshToken)),
  )
  http.route(identityEndpoints.logout, async (ctx, _input, { reply }) => {
    await endSession(ctx, ctx.actor.credentialId)
    clearSessionCookie(ctx.config, reply)
  })

  http.route(identityEndpoints.getMe, (ctx) => getMe(ctx))
  http.route(identityEndpoints.updateMe, (ctx, { body }, { request }) => updateMe(ctx, body, request.ip))

  http.route(identityEndpoints.listApiKeys, (ctx, { query }) => listApiKeys(ctx, query))
  http.route(identityEndpoints.createApiKey, (ctx, { body }, { idempotency }) => createApiKey(ctx, body, idempotency))
  http.route(identityEndpoints.revokeApiKey, (ctx, { params }) => revokeApiKey(ctx, params.id))
}

function withCookie(platform: Platform, reply: FastifyReply, { sessionToken, answer }: SignInResult): SignedIn {
  setSessionCookie(platform.config, reply, sessionToken, sessionDays * 24 * 60 * 60)
  return answer
}

function clientOf(request: FastifyRequest): Client {
  return { address: request.ip, userAgent: request.headers['user-agent'] }
}
