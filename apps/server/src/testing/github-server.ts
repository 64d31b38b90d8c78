import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Somebody with an account at GitHub. */
export interface GithubAccount {
  id: number
  login: string
  name: string | null
  emails: { email: string; primary: boolean; verified: boolean; visibility: string | null }[]
  organizations?: string[]
  teams?: string[]
}

/**
 * What of GitHub's OAuth (docs.github.com/apps/oauth-apps) and REST API a sign-in speaks, in the shape of a GitHub
 * Enterprise Server: errors of the token endpoint with status 200, PKCE, codes that count once.
 */
export interface GithubServer {
  url: string
  /** Who is signed in there in every browser. */
  account: GithubAccount
  client: { id: string; secret: string; redirectUris: string[] }
  /** Scopes that the last token was for. */
  granted: string
  close(): Promise<void>
}

export async function startGithubServer(account: GithubAccount): Promise<GithubServer> {
  const codes = new Map<string, { scope: string; challenge: string; redirectUri: string }>()
  const tokens = new Set<string>()
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const github: GithubServer = {
    url,
    account,
    client: { id: 'Iv1.client', secret: 'the secret of the GitHub client', redirectUris: [] },
    granted: '',
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', url)
    if (request.method === 'GET' && pathname === '/login/oauth/authorize') return authorize(searchParams, response)
    if (request.method === 'POST' && pathname === '/login/oauth/access_token') {
      let text = ''
      for await (const chunk of request) text += String(chunk)
      return json(response, 200, token(new URLSearchParams(text)))
    }
    const bearer = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1]
    if (bearer === undefined || !tokens.has(bearer)) return json(response, 401, { message: 'Bad credentials' })
    if (request.headers['user-agent'] === undefined) return json(response, 403, { message: 'Administrative rules' })
    const { id, login, name, emails, organizations = [], teams = [] } = github.account
    switch (pathname) {
      case '/api/v3/user':
        return json(response, 200, { id, login, name, email: null, type: 'User', node_id: 'MDQ6VXNlcjE=' })
      case '/api/v3/user/emails':
        return json(response, 200, emails)
      case '/api/v3/user/orgs':
        return json(
          response,
          200,
          organizations.map((organization) => ({ login: organization, id: 1 })),
        )
      case '/api/v3/user/teams':
        return json(
          response,
          200,
          teams.map((team) => {
            const [organization = '', slug = ''] = team.split('/')
            return { slug, name: slug, organization: { login: organization } }
          }),
        )
    }
    return json(response, 404, { message: 'Not Found' })
  }

  function authorize(query: URLSearchParams, response: ServerResponse): void {
    const redirectUri = query.get('redirect_uri') ?? ''
    if (query.get('client_id') !== github.client.id || !github.client.redirectUris.includes(redirectUri)) {
      response.writeHead(404).end('not found')
      return
    }
    const code = randomBytes(10).toString('hex')
    const challenge = query.get('code_challenge') ?? ''
    codes.set(code, { scope: query.get('scope') ?? '', challenge, redirectUri })
    const back = new URL(redirectUri)
    back.search = new URLSearchParams({ code, state: query.get('state') ?? '' }).toString()
    response.writeHead(302, { location: back.href }).end()
  }

  function token(form: URLSearchParams): Record<string, unknown> {
    const { id, secret } = github.client
    if (form.get('client_id') !== id || form.get('client_secret') !== secret) {
      return refused('incorrect_client_credentials', 'The client_id and/or client_secret passed are incorrect.')
    }
    const code = form.get('code') ?? ''
    const issued = codes.get(code)
    codes.delete(code)
    if (!issued || issued.redirectUri !== form.get('redirect_uri') || !verifies(form, issued.challenge)) {
      return refused('bad_verification_code', 'The code passed is incorrect or expired.')
    }
    const accessToken = `gho_${randomBytes(18).toString('hex')}`
    tokens.add(accessToken)
    github.granted = issued.scope
    return { access_token: accessToken, scope: issued.scope.replaceAll(' ', ','), token_type: 'bearer' }
  }

  return github
}

function verifies(form: URLSearchParams, challenge: string): boolean {
  const verifier = form.get('code_verifier') ?? ''
  return createHash('sha256').update(verifier).digest('base64url') === challenge
}

function refused(error: string, description: string): Record<string, unknown> {
  return { error, error_description: description, error_uri: 'https://docs.github.com/apps' }
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(body))
}
