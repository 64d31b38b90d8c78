import {
  connectedAccountEndpoints,
  idSchema,
  type SignInProblem,
  signInEndpoints,
  signInProblems,
  signInProviderEndpoints,
} from '@parley/contract'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import type { AuditCtx } from '../../../platform/audit/index.ts'
import type { Platform } from '../../../platform/context.ts'
import { AppError, notFound } from '../../../platform/errors.ts'
import { callerOf, decodeCursor, encodeCursor, type Http } from '../../../platform/http/index.ts'
import { answerSignIn, signInPath } from '../answer-sign-in.ts'
import { auditRefused } from '../audit-sign-in.ts'
import { clientOf, rememberBrowser } from '../client.ts'
import { takeProviderTry } from '../sign-in-throttle.ts'
import { getFirstWorkspaceId } from '../store.ts'
import * as accounts from './connected-accounts.ts'
import { finishFlow } from './finish-flow.ts'
import { getPolicy, getSettings, updateSettings } from './policy.ts'
import { findProvider, type KnownProvider, listOffered, presentOption } from './providers.ts'
import { asAppError, refusalOf, SignInRefused } from './refusal.ts'
import * as providers from './save-provider.ts'
import { startFlow } from './start-flow.ts'
import { listWorkspaceIds } from './store.ts'

const offsetSchema = z.int().min(0)

/** Mounts sign-in through identity providers: for people, for their connected accounts, and for administrators. */
export function mountProviderSignIn(http: Http): void {
  http.publicRoute(signInEndpoints.getSignInOptions, async (ctx, { query }) => {
    const workspaceId = await knownWorkspace(ctx, query.workspaceId)
    if (workspaceId === null) return { providers: [], ssoOnly: false }
    const [offered, { ssoOnly }] = await Promise.all([listOffered(ctx, workspaceId), getPolicy(ctx, workspaceId)])
    return { providers: offered.map(presentOption), ssoOnly }
  })
  http.publicRoute(signInEndpoints.startProviderSignIn, async (ctx, { params, body }, { request, reply }) => {
    await takeProviderTry(ctx, request.ip)
    const provider = await requireOffered(ctx, params.id, body.workspaceId)
    const client = clientOf(ctx.config, request)
    const workspaceId = body.workspaceId ?? null
    const begun = { browser: client.browser ?? '', workspaceId, person: null, next: body.next }
    const url = await startFlow(ctx, provider, begun)
    rememberBrowser(ctx.config, reply, client)
    return { url }
  })
  http.publicRoute(connectedAccountEndpoints.getPendingConnection, async (ctx, _input, { request }) => {
    const actor = await http.authenticate(http.platform, request)
    return { pending: await accounts.getPendingConnection(ctx, clientOf(ctx.config, request), actor?.userId) }
  })
  http.publicRoute(connectedAccountEndpoints.connectWithPassword, async (ctx, { body }, { request, reply }) => {
    const client = clientOf(ctx.config, request)
    const outcome = await plainly(accounts.connectWithPassword(ctx, body.password, client))
    return answerSignIn(ctx, reply, client, outcome)
  })
  mountCallback(http)

  http.route(connectedAccountEndpoints.connectSignedIn, (ctx, _input, { request }) =>
    plainly(accounts.connectSignedIn(ctx, clientOf(ctx.config, request))),
  )
  http.route(connectedAccountEndpoints.listConnectedAccounts, (ctx, { query }) =>
    accounts.listConnectedAccounts(ctx, query),
  )
  http.route(connectedAccountEndpoints.startConnecting, async (ctx, { body }, { request, reply }) => {
    await accounts.requireOwnProof(ctx)
    const { userId, credentialId, workspaceId } = ctx.actor
    const provider = await requireOffered(ctx, body.providerId, workspaceId)
    const client = clientOf(ctx.config, request)
    const person = { userId, sessionId: credentialId }
    const begun = { browser: client.browser ?? '', workspaceId, person, next: body.next ?? '/settings/security' }
    const url = await startFlow(ctx, provider, begun)
    rememberBrowser(ctx.config, reply, client)
    return { url }
  })
  http.route(connectedAccountEndpoints.disconnectAccount, async (ctx, { params }) => {
    await accounts.disconnectAccount(ctx, params.id)
  })

  http.route(signInEndpoints.getSignInSettings, (ctx) => getSettings(ctx))
  http.route(signInEndpoints.updateSignInSettings, (ctx, { body }) => updateSettings(ctx, body))
  http.route(signInProviderEndpoints.listSignInProviders, async (ctx, { query }) => {
    const all = await providers.listProviders(ctx)
    const start = query.cursor === undefined ? 0 : decodeCursor(offsetSchema, query.cursor)
    const end = start + query.limit
    return { data: all.slice(start, end), nextCursor: end < all.length ? encodeCursor(end) : null }
  })
  http.route(signInProviderEndpoints.createSignInProvider, (ctx, { body }, { idempotency }) =>
    providers.createProvider(ctx, body, idempotency),
  )
  http.route(signInProviderEndpoints.updateSignInProvider, (ctx, { params, body }) =>
    providers.updateProvider(ctx, params.id, body),
  )
  http.route(signInProviderEndpoints.deleteSignInProvider, async (ctx, { params }) => {
    await providers.deleteProvider(ctx, params.id)
  })
  http.route(signInProviderEndpoints.testSignInProvider, (ctx, { params }) => providers.testProvider(ctx, params.id))
}

/**
 * Where providers lead browsers back to. No endpoint of the contract: it answers with a redirect, whatever comes, and
 * takes any parameters, as providers add their own. A refusal goes to the page that says what to do.
 */
function mountCallback({ app, platform, authenticate }: Http): void {
  app.route({
    method: 'GET',
    url: '/api/v1/auth/callback/:id',
    exposeHeadRoute: false, // looking would use the sign-in up
    handler: async (request: FastifyRequest, reply: FastifyReply) => {
      const { id } = request.params as { id: string }
      const ctx: Platform & AuditCtx = { ...platform, log: request.log as Platform['log'], ...originOf(request) }
      const client = clientOf(platform.config, request)
      reply.header('cache-control', 'no-store')
      try {
        await takeProviderTry(ctx, request.ip)
        const answer = new URLSearchParams(request.url.split('?')[1] ?? '')
        const finished = await finishFlow(ctx, id, answer, client, () => authenticate(platform, request))
        if (finished.kind === 'signed-in') {
          answerSignIn(ctx, reply, client, finished.outcome)
          return reply.redirect(signInPath(finished.outcome, finished.next), 303)
        }
        return reply.redirect(finished.kind === 'connected' ? finished.next : '/login/connect', 303)
      } catch (error) {
        const { problem, message } = problemOf(error)
        await auditRefused(ctx, undefined, { method: 'provider', reason: problem })
        request.log.warn({ problem, reason: message, providerId: id.slice(0, 100) }, 'A sign-in was refused.')
        const search = new URLSearchParams({ problem, ref: request.id })
        return reply.redirect(`/login/problem?${search}`, 303)
      }
    },
  })
}

function originOf(request: FastifyRequest) {
  return { caller: callerOf(request), requestId: request.id }
}

function problemOf(error: unknown): { problem: SignInProblem; message: string } {
  if (!(error instanceof AppError)) return refusalOf(error)
  const { code, message } = error
  if (code === 'rate_limited') return { problem: 'too_many', message }
  return { problem: code in signInProblems ? (code as SignInProblem) : 'internal', message }
}

/** The same refusal for a caller of the API. */
async function plainly<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw error instanceof SignInRefused ? asAppError(error) : error
  }
}

/** A provider that is there for the sign-in page it was chosen on. @throws AppError not_found */
async function requireOffered(platform: Platform, id: string, workspaceId: string | undefined): Promise<KnownProvider> {
  const provider = await findProvider(platform, id)
  const wantedId = await knownWorkspace(platform, workspaceId)
  if (provider === undefined || wantedId === null) throw notFound('sign-in provider')
  if (provider.workspaceId !== null && provider.workspaceId !== wantedId) throw notFound('sign-in provider')
  return provider
}

/** The workspace named, else the first one; null where there is no such one. */
async function knownWorkspace(platform: Platform, named: string | undefined): Promise<string | null> {
  if (named === undefined) return (await getFirstWorkspaceId(platform.db).catch(() => null)) ?? null
  const [id] = await listWorkspaceIds(platform.db, [idSchema.parse(named)])
  return id ?? null
}
