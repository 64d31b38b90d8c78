import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import Provider, { type ClientMetadata, type Configuration } from 'oidc-provider'

/** Somebody with an account there: the claims by which relying parties come to know them. `sub` is the login. */
export type Account = { sub: string } & Record<string, unknown>

/**
 * A certified OpenID Connect provider in this process, at an address of its own. People log in at a page of it; whoever
 * is in `accounts` may.
 */
export interface IdentityProvider {
  issuer: string
  accounts: Account[]
  /** Lets a client of this id and secret in, which may lead people back to these addresses. */
  register(client: { id: string; secret?: string; redirectUris: string[]; signOutTo?: string[] }): void
  /** What tests of refusals change: the claims of the ID token before it is signed, or who signs it. */
  tamper: ((claims: JWTPayload) => JWTPayload) | undefined
  signWithAnotherKey: boolean
  /** Instead of leading people back, shows a link to where they would be led. */
  holdsAnswers: boolean
  /** Every request that came, as `METHOD /path`. */
  requests: string[]
  close(): Promise<void>
}

export async function startIdentityProvider(): Promise<IdentityProvider> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const stranger = await generateKeyPair('RS256')
  const jwk = { ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'one' }
  const clients: ClientMetadata[] = []
  let handle: (request: IncomingMessage, response: ServerResponse) => void = (_, response) => response.end()
  const server: Server = createServer((request, response) => {
    idp.requests.push(`${request.method} ${request.url?.split('?')[0]}`)
    handle(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const idp: IdentityProvider = {
    issuer,
    accounts: [],
    tamper: undefined,
    signWithAnotherKey: false,
    holdsAnswers: false,
    requests: [],
    register({ id, secret, redirectUris, signOutTo = [] }) {
      clients.push({
        client_id: id,
        ...(secret === undefined ? { token_endpoint_auth_method: 'none' } : { client_secret: secret }),
        redirect_uris: redirectUris,
        post_logout_redirect_uris: signOutTo,
        response_types: ['code'],
        grant_types: ['authorization_code'],
      })
      handle = makeProvider().callback()
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }

  function makeProvider(): Provider {
    const configuration: Configuration = {
      clients,
      jwks: { keys: [jwk] } as unknown as NonNullable<Configuration['jwks']>,
      cookies: { keys: ['a key for the cookies of a test'] },
      claims: {
        profile: ['name'],
        email: ['email', 'email_verified'],
        openid: ['sub', 'groups', 'amr', 'realm_access'],
      },
      conformIdTokenClaims: false,
      features: {
        devInteractions: { enabled: false },
        rpInitiatedLogout: {
          logoutSource: async (ctx, form) => {
            ctx.body = `<!doctype html><html lang="en"><title>Identity provider</title><h1>Sign out here, too?</h1>
              ${form}<button type="submit" form="op.logoutForm" name="logout" value="yes">Sign out</button></html>`
          },
        },
      },
      interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
      ttl: { AccessToken: 600, AuthorizationCode: 60, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
      findAccount: (_ctx, id) => {
        const account = idp.accounts.find(({ sub }) => sub === id)
        return account && { accountId: id, claims: async () => account }
      },
    }
    const provider = new Provider(issuer, configuration)
    provider.use(async (ctx, next) => {
      if (ctx.path.startsWith('/interaction/')) return interact(provider, ctx)
      await next()
      const location = ctx.response.get('location')
      if (idp.holdsAnswers && clients.some(({ redirect_uris: uris = [] }) => uris.includes(location.split('?')[0]!))) {
        ctx.status = 200
        ctx.remove('location')
        ctx.type = 'html'
        ctx.body = `<!doctype html><html lang="en"><title>Identity provider</title>
          <a href="${location.replaceAll('&', '&amp;')}">Back</a></html>`
        return
      }
      const body = ctx.body as { id_token?: string } | undefined
      if (ctx.path === '/token' && body?.id_token !== undefined) body.id_token = await signAnew(body.id_token)
    })
    return provider
  }

  async function signAnew(token: string): Promise<string> {
    if (idp.tamper === undefined && !idp.signWithAnotherKey) return token
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as JWTPayload
    return new SignJWT(idp.tamper?.(claims) ?? claims)
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .sign(idp.signWithAnotherKey ? stranger.privateKey : privateKey)
  }

  type Context = Parameters<Parameters<Provider['use']>[0]>[0]

  /** The page at which people say who they are; what they ask for is granted. */
  async function interact(provider: Provider, ctx: Context): Promise<void> {
    if (ctx.method === 'GET') {
      ctx.type = 'html'
      ctx.body = `<!doctype html><html lang="en"><title>Identity provider</title><h1>Identity provider</h1>
        <form method="post"><label>Login <input name="login" autofocus></label>
        <button name="do" value="go">Continue</button> <button name="do" value="stop">Cancel</button></form></html>`
      return
    }
    let text = ''
    for await (const chunk of ctx.req) text += String(chunk)
    const form = new URLSearchParams(text)
    const { params, grantId } = await provider.interactionDetails(ctx.req, ctx.res)
    const accountId = form.get('login') ?? ''
    if (form.get('do') === 'stop' || !idp.accounts.some(({ sub }) => sub === accountId)) {
      const refused = { error: 'access_denied', error_description: 'The person cancelled.' }
      await provider.interactionFinished(ctx.req, ctx.res, refused, { mergeWithLastSubmission: false })
      ctx.respond = false
      return
    }
    const grant =
      (grantId === undefined ? undefined : await provider.Grant.find(grantId)) ??
      new provider.Grant({ accountId, clientId: String(params.client_id) })
    grant.addOIDCScope(String(params.scope))
    const amr = idp.accounts.find(({ sub }) => sub === accountId)?.amr as string[] | undefined
    const login = { accountId, ...(amr === undefined ? {} : { amr }) }
    await provider.interactionFinished(ctx.req, ctx.res, { login, consent: { grantId: await grant.save() } })
    ctx.respond = false
  }

  handle = makeProvider().callback()
  return idp
}
