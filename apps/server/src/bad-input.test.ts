import { type Endpoint, endpoints, errorCodes, problemSchema } from '@parley/contract'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newId } from './platform/crypto/index.ts'
import { goodBody, malformedBodies, outputSchemaOf, wrongBodies } from './testing/bad-bodies.ts'
import { eventually } from './testing/eventually.ts'
import { makeInvoice } from './testing/fill-workspace.ts'
import { type HttpFixture, startHttpFixture } from './testing/mcp-fixture.ts'
import { SoftPasskey } from './testing/soft-passkey.ts'
import { callerFor, startServer, type TestServer } from './testing/start-server.ts'

/** A request that has to be refused with one of these codes. */
interface Case {
  what: string
  path: string
  init: RequestInit
  codes: string[]
}

const hungAfterMs = 5_000
const maxBodyBytes = 2 * 1024 * 1024

/** Payments are set up, and Stripe is away. */
const withStripe = {
  STRIPE_SECRET_KEY: 'sk_test_nothing',
  STRIPE_WEBHOOK_SECRET: 'whsec_nothing',
  STRIPE_BASE_URL: 'http://127.0.0.1:9',
}

let server: TestServer
let fixture: HttpFixture
/** What the owner has, and what another person has, by the path segment before its id. */
let own: Record<string, string>
let foreign: Record<string, string>
let cookie: string
let narrowKey: string

beforeAll(async () => {
  fixture = await startHttpFixture()
  server = await startServer({ env: { PARLEY_EGRESS_ALLOW: '127.0.0.1', PARLEY_SIGNUP: 'open', ...withStripe } })
  const other = { email: 'other@example.com', password: 'another long password', name: 'Otto Other' }
  const { accessToken } = await server.anyone.json<{ accessToken: string }>('POST', '/api/v1/auth/register', other)
  // Before there are passkeys, which are asked for after the password.
  const { email, password } = server.owner
  const login = await server.anyone.fetch('/api/v1/auth/login', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, password }),
  })
  cookie = login.headers.getSetCookie()[0]!.split(';')[0]!
  const limit = await server.owner.json<{ id: string }>('PUT', '/api/v1/limit-overrides', {
    subject: { kind: 'model', id: 'nobody/nothing' },
    requestsPerHour: 1,
  })
  const ofOperator = { plans: 'pro', 'workspace-plans': server.owner.signedIn.user.workspace.id }
  own = { ...(await fillFor(server.owner)), ...ofOperator, 'limit-overrides': limit.id }
  foreign = await fillFor(callerFor(server.url, { authorization: `Bearer ${accessToken}` }))
  const provider = await server.owner.json<{ id: string }>('POST', '/api/v1/model-providers', {
    name: 'Nobody there',
    protocol: 'openai',
    baseUrl: `${server.url}/nothing-here`,
    force: true,
  })
  const mcp = await server.owner.json<{ id: string }>('POST', '/api/v1/mcp-servers', {
    name: 'Fixture',
    transport: 'http',
    url: fixture.url,
  })
  await eventually(async () => {
    const tools = await server.owner.json<{ data: unknown[] }>('GET', `/api/v1/mcp-servers/${mcp.id}/tools`)
    expect(tools.data).not.toEqual([])
  })
  Object.assign(own, { 'model-providers': provider.id, 'mcp-servers': mcp.id, tools: 'echo', guide: 'index' })
  own['tool-results'] = newId()
  const account = { name: 'Robot', role: 'member' }
  own['service-accounts'] = (await server.owner.json<{ id: string }>('POST', '/api/v1/service-accounts', account)).id
  const role = await server.owner.json<{ id: string }>('POST', '/api/v1/roles', {
    name: 'Readers',
    scopes: ['conversations:read'],
  })
  const group = await server.owner.json<{ id: string }>('POST', '/api/v1/groups', { name: 'Friends' })
  const token = await server.owner.json<{ id: string }>('POST', '/api/v1/scim-tokens', { name: 'Directory' })
  const site = { origin: 'https://app.example.com' }
  own['web-origins'] = (await server.owner.json<{ id: string }>('POST', '/api/v1/web-origins', site)).id
  Object.assign(own, { 'scim-tokens': token.id, 'provisioned-people': newId() })
  Object.assign(own, { roles: role.id, groups: group.id, members: newId(), grants: newId() })
  foreign.grants = newId()
  const all = { scope: 'workspace', unit: 'tokens', amount: 1_000_000_000, window: 'day' }
  const budget = await server.owner.json<{ id: string }>('POST', '/api/v1/budgets', { name: 'Team', ...all })
  own.budgets = budget.id
  own.invoices = await makeInvoice(server, server.owner)
  const signIn = await server.owner.json<{ id: string }>('POST', '/api/v1/sign-in-providers', {
    kind: 'oidc',
    name: 'Nobody there',
    issuer: `${server.url}/nothing-here`,
    clientId: 'parley',
    force: true,
  })
  Object.assign(own, { providers: signIn.id, 'sign-in-providers': signIn.id, 'connected-accounts': newId() })
  own.people = server.owner.signedIn.user.id
  foreign.people = newId()
  own.invitations = (await server.owner.json<{ id: string }>('POST', '/api/v1/invitations', { role: 'viewer' })).id
  const key = await server.owner.json<{ key: string }>('POST', '/api/v1/api-keys', {
    name: 'Narrow',
    scopes: ['account:read'],
  })
  narrowKey = key.key
})
afterAll(async () => {
  await server.close()
  await fixture.close()
})

/** One of everything a person has: a finished run of the built-in guide among it. */
async function fillFor(person: ReturnType<typeof callerFor>): Promise<Record<string, string>> {
  const conversation = await person.json<{ id: string }>('POST', '/api/v1/conversations', {})
  const message = await person.json<{ id: string; runId: string }>(
    'POST',
    `/api/v1/conversations/${conversation.id}/messages`,
    { content: 'How do I connect a model?' },
    { prefer: 'wait' },
  )
  const form = new FormData()
  form.append('file', new Blob(['some text']), 'some.txt')
  const upload = await person.fetch('/api/v1/files', { method: 'POST', body: form })
  const file = (await upload.json()) as { id: string }
  const key = await person.fetch('/api/v1/api-keys', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'A key' }),
  })
  const things: Record<string, string> = {
    conversations: conversation.id,
    presets: (await person.json<{ id: string }>('POST', '/api/v1/presets', { name: 'A preset' })).id,
    messages: message.id,
    runs: message.runId,
    files: file.id,
  }
  const sessions = await person.json<{ data: { id: string }[] }>('GET', '/api/v1/me/sessions')
  things.sessions = sessions.data[0]!.id
  const options = await person.json<{ challenge: string }>('POST', '/api/v1/me/passkeys/options')
  const response = new SoftPasskey(server.platform.config.http.publicUrl).create(options)
  const passkey = await person.json<{ passkey: { id: string } }>('POST', '/api/v1/me/passkeys', { name: 'A', response })
  things.passkeys = passkey.passkey.id
  if (key.ok) things['api-keys'] = ((await key.json()) as { id: string }).id
  return things
}

describe.each(Object.entries(endpoints) as [string, Endpoint][])('%s', (_name, endpoint) => {
  const { method, access } = endpoint
  const good = endpoint.body && goodBody(endpoint.body)
  const takesForm = endpoint.media?.request === 'multipart/form-data'
  if (endpoint.media?.request && !takesForm && !endpoint.signedBody) throw new Error('no bad input for this media type')

  /** The path with an id in the place of each parameter; throws for one that nothing is known of. */
  function pathWith(ids: Record<string, string>): string {
    return endpoint.path.replaceAll(/([\w-]+)\/\{\w+\}/g, (_, kind: string) => {
      const id = ids[kind]
      if (id === undefined) throw new Error(`the test has no ${kind}: give it one in beforeAll`)
      return `${kind}/${id}`
    })
  }
  const json = { 'content-type': 'application/json' }
  const sent = (headers: Record<string, string> = {}, body: string | Buffer | undefined = goodText()): RequestInit => ({
    method,
    headers: { ...(body === undefined ? {} : json), ...headers },
    ...(body === undefined ? {} : { body: body as NonNullable<RequestInit['body']> }),
  })
  const asOwner = (headers: Record<string, string> = {}, body?: string | Buffer) =>
    sent({ ...server.owner.headers, ...headers }, body)
  function goodText(): string | undefined {
    return good === undefined ? undefined : JSON.stringify(good)
  }

  function credentials(): Case[] {
    const path = pathWith(own)
    const cases: Case[] = []
    if (access !== 'public') {
      for (const [what, headers] of [
        ['no credential', {}],
        ['a short token', { authorization: 'Bearer x' }],
        ['an unknown key', { authorization: `Bearer mcp_${'0'.repeat(49)}` }],
        ['a forged JWT', { authorization: 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.' }],
        ['a long token', { authorization: `Bearer ${'x'.repeat(8000)}` }],
        ['another scheme', { authorization: 'Basic eDp5' }],
        ['bytes that are no text', { authorization: 'Bearer \xff\xfe' }],
        ['an unknown cookie', { cookie: 'parley_session=x', 'parley-client': 'test' }],
      ] as [string, Record<string, string>][]) {
        cases.push({ what, path, init: sent(headers), codes: ['unauthenticated'] })
      }
      if (access !== 'account:read') {
        const init = sent({ authorization: `Bearer ${narrowKey}` })
        cases.push({ what: 'a key for something else', path, init, codes: ['forbidden'] })
      }
    }
    if (method === 'GET') return cases
    const elsewhere = { cookie, origin: 'https://elsewhere.example', 'sec-fetch-site': 'cross-site' }
    cases.push({ what: 'another site', path, init: sent(elsewhere), codes: ['csrf_failed'] })
    if (access !== 'public') {
      cases.push({ what: 'a cookie alone', path, init: sent({ cookie }), codes: ['csrf_failed'] })
      const samePlace = sent({ cookie, 'sec-fetch-site': 'same-origin' })
      cases.push({ what: 'a cookie without our header', path, init: samePlace, codes: ['csrf_failed'] })
    }
    return cases
  }

  function addresses(): Case[] {
    const long = `${pathWith(own)}/${'x'.repeat(8000)}`
    // Which of them depends on what else begins like it.
    const none = ['not_found', 'method_not_allowed', 'invalid_request']
    const cases: Case[] = [{ what: 'a very long path', path: long, init: asOwner(), codes: none }]
    if (!endpoint.path.includes('{')) return cases
    const everywhere = (id: string) => endpoint.path.replaceAll(/\{\w+\}/g, id)
    cases.push({ what: 'nothing there', path: everywhere(newId()), init: asOwner(), codes: ['not_found'] })
    const kind = /([\w-]+)\/\{/.exec(endpoint.path)![1]!
    if (foreign[kind]) {
      cases.push({ what: 'what is another’s', path: pathWith(foreign), init: asOwner(), codes: ['not_found'] })
    }
    for (const id of [
      'nope',
      '%00',
      '%zz',
      '%ff',
      '%F0%9F',
      '..%2f..',
      '%20',
      '0',
      'x'.repeat(1500),
      newId().slice(1),
    ]) {
      const codes = ['invalid_request', 'not_found']
      cases.push({ what: `the id ${id.slice(0, 20)}`, path: everywhere(id), init: asOwner(), codes })
    }
    return cases
  }

  function queries(): Case[] {
    const wrong = ['noSuch=1', '__proto__=1', 'constructor=1', '%00=1', 'a[b]=1', `${'x'.repeat(5000)}=1`]
    const { properties = {} } = endpoint.query ? outputSchemaOf(endpoint.query) : {}
    for (const [name, schema] of Object.entries(properties)) {
      const values =
        schema.type === 'integer'
          ? ['-1', '1.5', 'abc', 'NaN', 'Infinity', '1e99', '%00', ...(schema.minimum === 0 ? [] : ['0', ''])]
          : ['%00', 'a%00b', 'x'.repeat(600), ...(schema.format === 'uuid' ? ['x', '0'] : [])]
      if (schema.type === 'integer' && (schema.maximum ?? 1e9) < 1e9) values.push('1e9', '1000000000')
      if (name === 'cursor') values.push('x', 'bnVsbA', 'e30', 'WzFd', 'LTE', '!!', 'WyJ4IiwieCJd')
      wrong.push(...values.map((value) => `${name}=${value}`), `${name}=1&${name}=2`)
    }
    return wrong.map((query) => ({
      what: `?${query.slice(0, 40)}`,
      path: `${pathWith(own)}?${query}`,
      init: asOwner(),
      codes: ['invalid_request'],
    }))
  }

  function headers(): Case[] {
    const path = pathWith(own)
    const cases: Case[] = []
    const add = (name: string, value: string, codes: string[]) =>
      cases.push({ what: `${name}: ${value.slice(0, 20)}`, path, init: asOwner({ [name]: value }), codes })
    if (endpoint.idempotent) {
      for (const key of ['', 'a b', '\xf6', '\t', 'k'.repeat(300)]) add('idempotency-key', key, ['invalid_request'])
    }
    if (
      method === 'PATCH' &&
      'version' in (endpoint.response ? (outputSchemaOf(endpoint.response).properties ?? {}) : {})
    ) {
      const init = (value: string) => asOwner({ 'if-match': value }, '{}')
      for (const value of ['x', '7', '"x"', '""', '"-1"', '"1", "2"']) {
        cases.push({ what: `if-match: ${value}`, path, init: init(value), codes: ['invalid_request'] })
      }
      for (const value of ['"999"', `"${'9'.repeat(40)}"`]) {
        cases.push({ what: `if-match: ${value}`, path, init: init(value), codes: ['version_conflict'] })
      }
    }
    if (method === 'GET' && endpoint.media?.response?.includes('text/event-stream')) {
      for (const value of ['x', '-1', '1.5', '9'.repeat(30)]) add('last-event-id', value, ['invalid_request'])
    }
    if (method !== 'GET' && endpoint.media?.response?.includes('text/event-stream')) {
      // What a caller prefers and cannot have is no error by itself; that the request is wrong has to be said all the same.
      for (const unclear of [
        { accept: 'text/event-stream', prefer: 'wait' },
        { accept: 'application/xml;q=x,,,' },
        { prefer: 'wait=-1,;;=' },
      ] as Record<string, string>[]) {
        const init = asOwner({ ...unclear }, '{"noSuchField":1}')
        cases.push({ what: JSON.stringify(unclear), path, init, codes: ['invalid_request'] })
      }
    }
    const paths = Object.values(endpoints as Record<string, Endpoint>).filter((other) => other.path === endpoint.path)
    for (const other of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'REPORT']) {
      if (paths.some((known) => known.method === other) || sharesPath(other)) continue
      const init = { method: other, headers: server.owner.headers }
      cases.push({ what: other, path, init, codes: ['method_not_allowed'] })
    }
    return cases
  }

  /** Whether another endpoint's pattern takes this path too: `/x/{id}` for `/x/default`. */
  function sharesPath(other: string): boolean {
    return Object.values(endpoints as Record<string, Endpoint>).some(
      (each) =>
        each.method === other && new RegExp(`^${each.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(endpoint.path),
    )
  }

  function bodies(): Case[] {
    if (method === 'GET') return []
    const path = pathWith(own)
    if (takesForm) return forms(path)
    // What nobody signed is not looked at.
    const codes = ['invalid_request', 'invalid_json', ...(endpoint.signedBody ? ['signature_invalid'] : [])]
    const wrong = [...malformedBodies(good), ...(endpoint.body ? wrongBodies(endpoint.body, good) : [])]
    const cases: Case[] = wrong.map(({ what, text }) => ({ what, path, init: asOwner({}, text), codes }))
    for (const type of [
      'text/plain',
      'application/xml',
      'multipart/form-data; boundary=x',
      'application/x-www-form-urlencoded',
      ';',
      'application/jsonx',
    ]) {
      const init = asOwner({ 'content-type': type }, goodText() ?? '{}')
      cases.push({ what: type, path, init, codes: ['unsupported_media_type'] })
    }
    const large = `{"x":"${'x'.repeat(maxBodyBytes)}"}`
    cases.push({ what: 'a body over 2 MB', path, init: asOwner({}, large), codes: ['payload_too_large'] })
    return cases
  }

  function forms(path: string): Case[] {
    const part = (head: string, content: string | Buffer) =>
      Buffer.concat([Buffer.from(`--b\r\n${head}\r\n\r\n`), Buffer.from(content), Buffer.from('\r\n--b--\r\n')])
    const file = 'Content-Disposition: form-data; name="file"; filename="a.txt"'
    const wrong: [string, string, string | Buffer, string[]][] = [
      ['JSON', 'application/json', '{}', ['unsupported_media_type']],
      ['text', 'text/plain', 'x', ['unsupported_media_type']],
      ['no boundary', 'multipart/form-data', part(file, 'x'), ['invalid_request']],
      ['another boundary', 'multipart/form-data; boundary=c', part(file, 'x'), ['invalid_request']],
      ['no parts', 'multipart/form-data; boundary=b', '--b--\r\n', ['invalid_request']],
      ['nothing', 'multipart/form-data; boundary=b', '', ['invalid_request']],
      ['a truncated part', 'multipart/form-data; boundary=b', part(file, 'x').subarray(0, 70), ['invalid_request']],
      [
        'another field',
        'multipart/form-data; boundary=b',
        part(file.replace('"file"', '"x"'), 'x'),
        ['invalid_request'],
      ],
      [
        'a field, no file',
        'multipart/form-data; boundary=b',
        part('Content-Disposition: form-data; name="file"', 'x'),
        ['invalid_request'],
      ],
      [
        'bytes of no known kind',
        'multipart/form-data; boundary=b',
        part(file, Buffer.from([0, 1, 2, 0xff, 0xfe])),
        ['unsupported_media_type', 'unprocessable', 'invalid_request'],
      ],
      [
        'over 20 MB',
        'multipart/form-data; boundary=b',
        part(file, Buffer.alloc(21 * 1024 * 1024, 'x')),
        ['payload_too_large'],
      ],
    ]
    return wrong.map(([what, type, body, codes]) => ({
      what,
      path,
      init: asOwner({ 'content-type': type }, body),
      codes,
    }))
  }

  test('every kind of bad input is refused as problem details, and changes nothing', async () => {
    const before = await contents()
    const failures: string[] = []
    for (const each of [...credentials(), ...addresses(), ...queries(), ...headers(), ...bodies()]) {
      const failure = await send(each)
      if (failure !== undefined) failures.push(`${method} ${each.what}: ${failure}`)
    }
    expect(failures).toEqual([])
    expect(await contents()).toEqual(before)
  })
})

/** Sends it, and tells what is wrong with the answer, if something is. */
async function send({ path, init, codes }: Case): Promise<string | undefined> {
  const response = await fetch(server.url + path, { ...init, signal: AbortSignal.timeout(hungAfterMs) }).catch(
    (error: Error) => error,
  )
  if (response instanceof Error) return `${response.message} ${String(response.cause ?? '')}`
  if (!response.headers.get('content-type')?.startsWith('application/problem+json')) {
    await response.body?.cancel()
    return `${response.status} ${response.headers.get('content-type')}`
  }
  const parsed = problemSchema.safeParse(await response.json())
  if (!parsed.success) return `${response.status}: ${parsed.error.message}`
  const { code, status, detail } = parsed.data
  if (status !== response.status || status !== errorCodes[code].status)
    return `${response.status}, but ${code} ${status}`
  if (!codes.includes(code)) return `${code}, not ${codes.join(' or ')} (${detail})`
  return undefined
}

/** How many rows each table has, and what those that people fill hold. */
async function contents(): Promise<Record<string, unknown>> {
  const { db } = server.platform
  const { rows } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE'
      and table_name <> 'usageDays' -- sums that a job brings up to date by itself
    order by 1`.execute(db)
  const found: Record<string, unknown> = {}
  for (const { name } of rows) {
    const table = sql.table(name)
    // The rest note when they were last used or tried.
    const content = [
      'conversations',
      'messages',
      'runs',
      'users',
      'memberships',
      'toolPolicies',
      'modelSettings',
      'budgets',
      'usageSettings',
    ].includes(name)
      ? sql`md5(coalesce(string_agg(t::text, '|' order by t::text), ''))`
      : sql`''`
    const counted = await sql`select count(*)::int as rows, ${content} as content from ${table} t`.execute(db)
    found[name] = counted.rows[0]
  }
  return found
}
