import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inTransaction } from '../../../platform/context.ts'
import { outboxMails } from '../../../testing/outbox-mails.ts'
import { within } from '../../../testing/pace.ts'
import { callerFor, startServer, type TestServer } from '../../../testing/start-server.ts'
import { makeOwner } from '../add-person.ts'
import { hashPassword } from '../passwords.ts'

const password = 'a long test password'
const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const userSchema = 'urn:ietf:params:scim:schemas:core:2.0:User'
const patchOp = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely here
type Json = any

interface Answer {
  status: number
  headers: Headers
  body: Json
}

let server: TestServer
/** Another workspace of the same installation, with its own owner and directory. */
let other: { workspaceId: string; caller: ReturnType<typeof callerFor>; scim: Scim }
let scim: Scim

/** A directory: sends as an identity provider does. */
type Scim = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>

function directory(token: string): Scim {
  return async (method, path, body, headers = {}) => {
    const response = await fetch(`${server.url}/scim/v2${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/scim+json',
        ...(body === undefined ? {} : { 'content-type': 'application/scim+json; charset=utf-8' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) }
  }
}

async function makeToken(caller: ReturnType<typeof callerFor>, name = 'Okta'): Promise<{ id: string; token: string }> {
  return caller.json('POST', '/api/v1/scim-tokens', { name })
}

async function signIn(email: string, secret = password) {
  const signedIn = await server.anyone.json<{ accessToken: string; user: Json }>('POST', '/api/v1/auth/login', {
    email,
    password: secret,
  })
  return callerFor(server.url, { authorization: `Bearer ${signedIn.accessToken}` })
}

async function setPassword(id: string): Promise<void> {
  const passwordHash = await hashPassword(password)
  await server.platform.db.updateTable('users').set({ passwordHash }).where('id', '=', id).execute()
}

beforeAll(async () => {
  server = await startServer()
  scim = directory((await makeToken(server.owner)).token)
  const passwordHash = await hashPassword(password)
  const { workspaceId } = await inTransaction(server.platform, (tx) =>
    makeOwner(tx, { email: 'rival@example.com', name: 'Rita Rival', passwordHash }, 'Rivals'),
  )
  const caller = await signIn('rival@example.com')
  other = { workspaceId, caller, scim: directory((await makeToken(caller, 'Entra ID')).token) }
})
afterAll(() => server.close())

let made = 0
async function makeUser(more: Record<string, unknown> = {}): Promise<Json> {
  const userName = `person${++made}@example.com`
  const answer = await scim('POST', '/Users', { schemas: [userSchema], userName, ...more })
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  return answer.body
}
const patch = (id: string, ...Operations: unknown[]) =>
  scim('PATCH', `/Users/${id}`, { schemas: [patchOp], Operations })
const find = async (filter: string, on = scim) => on('GET', `/Users?filter=${encodeURIComponent(filter)}`)
const names = async (filter: string) =>
  (await find(filter)).body.Resources.map((each: Json) => each.userName.replace('@example.com', '')).sort()

describe('RFC 7644, section 3', () => {
  let id: string
  let etag: string

  test('3.3 creating', async () => {
    const answer = await scim('POST', '/Users', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: 'bjensen',
      externalId: 'bjensen',
      name: { formatted: 'Ms. Barbara J Jensen III', familyName: 'Jensen', givenName: 'Barbara' },
      emails: [{ value: 'bjensen@example.com', type: 'work' }],
    })
    expect(answer.status).toBe(201)
    expect(answer.headers.get('content-type')).toBe('application/scim+json')
    id = answer.body.id
    etag = answer.headers.get('etag')!
    const location = `${server.platform.config.http.publicUrl}/scim/v2/Users/${id}`
    expect(answer.headers.get('location')).toBe(location)
    expect(answer.body).toMatchObject({
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      externalId: 'bjensen',
      userName: 'bjensen',
      name: { formatted: 'Ms. Barbara J Jensen III', familyName: 'Jensen', givenName: 'Barbara' },
      active: true,
      meta: { resourceType: 'User', location, version: etag },
    })
    expect(etag).toMatch(/^W\/"/)
    expect(new Date(answer.body.meta.created).getTime()).toBeGreaterThan(Date.now() - 60_000)
  })

  test('3.3 the same again is a conflict', async () => {
    for (const userName of ['bjensen', 'BJensen']) {
      const emails = [{ value: 'somebody.else@example.com' }]
      const answer = await scim('POST', '/Users', { schemas: [userSchema], userName, emails })
      expect(answer.status).toBe(409)
      expect(answer.body).toMatchObject({
        schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
        status: '409',
        scimType: 'uniqueness',
      })
    }
    const emails = [{ value: 'BJensen@example.com' }]
    expect((await scim('POST', '/Users', { schemas: [userSchema], userName: 'else', emails })).status).toBe(409)
  })

  test('3.4.1 retrieving, and 304 for who has it', async () => {
    const answer = await scim('GET', `/Users/${id}`)
    expect(answer).toMatchObject({ status: 200, body: { id, userName: 'bjensen' } })
    expect(answer.headers.get('etag')).toBe(etag)
    expect((await scim('GET', `/Users/${id}`, undefined, { 'if-none-match': etag })).status).toBe(304)
    expect((await scim('GET', '/Users/2819c223-7f76-453a-919d-413861904646')).body).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: '404',
      detail: 'There is no such User.',
    })
  })

  test('3.4.2 a list with chosen attributes', async () => {
    const answer = await scim('GET', `/Users?attributes=userName&filter=${encodeURIComponent('userName sw "bjen"')}`)
    expect(answer.body).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
      totalResults: 1,
      startIndex: 1,
      itemsPerPage: 1,
      Resources: [{ schemas: [userSchema], id, userName: 'bjensen' }],
    })
  })

  test('3.4.3 the same by POST', async () => {
    const answer = await scim('POST', '/Users/.search', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
      attributes: ['displayName', 'userName'],
      filter: 'userName sw "bjen"',
      startIndex: 1,
      count: 10,
    })
    expect(answer.body).toMatchObject({ totalResults: 1, Resources: [{ id, userName: 'bjensen' }] })
  })

  test('3.5.1 replacing: what is left out is gone, and an old version is refused', async () => {
    const next = {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      id,
      userName: 'bjensen',
      externalId: 'bjensen',
      name: {
        formatted: 'Ms. Barbara J Jensen III',
        familyName: 'Jensen',
        givenName: 'Barbara',
        middleName: 'Jane',
      },
      roles: [],
      emails: [{ value: 'bjensen@example.com' }, { value: 'babs@jensen.org' }],
      meta: { resourceType: 'Nonsense', created: 'never' },
    }
    const answer = await scim('PUT', `/Users/${id}`, next, { 'if-match': etag })
    expect(answer).toMatchObject({
      status: 200,
      body: { id, name: { middleName: 'Jane' }, emails: next.emails, meta: { resourceType: 'User' } },
    })
    const refused = await scim('PUT', `/Users/${id}`, next, { 'if-match': etag })
    expect(refused).toMatchObject({ status: 412, body: { status: '412' } })
    const { name: _, ...nameless } = next
    const after = await scim('PUT', `/Users/${id}`, nameless, { 'if-match': answer.headers.get('etag')! })
    expect(after.status).toBe(200)
    expect(after.body.name).toBeUndefined()
  })

  test('3.5.2 the examples of PATCH', async () => {
    const user = await makeUser({
      displayName: 'Babs',
      addresses: [
        { type: 'work', streetAddress: '1 Old Road', locality: 'Hollywood' },
        { type: 'home', streetAddress: '2 Old Road' },
      ],
      emails: [
        { value: `old${made}@example.com`, type: 'work', primary: true },
        { value: 'home@example.com', type: 'home' },
      ],
    })
    const added = await patch(user.id, {
      op: 'add',
      value: { emails: [{ value: 'babs@jensen.org', type: 'other' }], nickname: 'Babs' },
    })
    expect(added.status).toBe(200)
    expect(added.body.nickName).toBe('Babs')
    expect(added.body.emails).toHaveLength(3)
    // Again, nothing changes.
    const again = await patch(user.id, { op: 'add', path: 'nickName', value: 'Babs' })
    expect(again.body.meta).toEqual(added.body.meta)

    const replaced = await patch(
      user.id,
      {
        op: 'replace',
        path: 'addresses[type eq "work"]',
        value: {
          type: 'work',
          streetAddress: '911 Universal City Plaza',
          locality: 'Hollywood',
          region: 'CA',
          postalCode: '91608',
          country: 'US',
          formatted: '911 Universal City Plaza\nHollywood, CA 91608 US',
          primary: true,
        },
      },
      { op: 'replace', path: 'addresses[type eq "home"].streetAddress', value: '1010 Broadway Ave' },
      { op: 'remove', path: 'emails[type eq "home" and value ew "example.com"]' },
    )
    expect(replaced.status).toBe(200)
    expect(replaced.body.addresses).toEqual([
      expect.objectContaining({ type: 'work', streetAddress: '911 Universal City Plaza', primary: true }),
      { type: 'home', streetAddress: '1010 Broadway Ave' },
    ])
    expect(replaced.body.emails.map((each: Json) => each.type)).toEqual(['work', 'other'])

    const whole = await patch(user.id, {
      op: 'replace',
      value: {
        emails: [
          { value: `new${made}@example.com`, type: 'work', primary: true },
          { value: 'babs@jensen.org', type: 'home' },
        ],
        nickname: 'Barbara',
      },
    })
    expect(whole.body).toMatchObject({ nickName: 'Barbara', emails: [{ type: 'work' }, { type: 'home' }] })
  })

  test('3.6 deleting', async () => {
    const user = await makeUser()
    expect((await scim('DELETE', `/Users/${user.id}`)).status).toBe(204)
    expect((await scim('GET', `/Users/${user.id}`)).status).toBe(404)
    expect((await scim('DELETE', `/Users/${user.id}`)).status).toBe(404)
    expect((await find(`userName eq "${user.userName}"`)).body.totalResults).toBe(0)
    // And the directory may add them again: it made the account.
    const again = await scim('POST', '/Users', { schemas: [userSchema], userName: user.userName })
    expect(again).toMatchObject({ status: 201, body: { id: user.id, active: true } })
  })

  test('3.14 a change to an old version is refused, and changes nothing', async () => {
    const user = await makeUser({ title: 'One' })
    const body = { schemas: [patchOp], Operations: [{ op: 'replace', path: 'title', value: 'Two' }] }
    const first = await scim('PATCH', `/Users/${user.id}`, body, { 'if-match': user.meta.version })
    expect(first.body.title).toBe('Two')
    const late = await scim('PATCH', `/Users/${user.id}`, body, { 'if-match': user.meta.version })
    expect(late.status).toBe(412)
    expect((await scim('DELETE', `/Users/${user.id}`, undefined, { 'if-match': user.meta.version })).status).toBe(412)
    const found = await scim('GET', `/Users/${user.id}`)
    expect(found.body.meta.version).toBe(first.body.meta.version)
  })

  test('4 what is supported is told, as it is', async () => {
    const config = await scim('GET', '/ServiceProviderConfig')
    expect(config.body).toMatchObject({
      patch: { supported: true },
      bulk: { supported: false },
      filter: { supported: true, maxResults: 200 },
      changePassword: { supported: false },
      sort: { supported: true },
      etag: { supported: true },
    })
    const types = await scim('GET', '/ResourceTypes')
    expect(types.body.Resources.map((each: Json) => each.endpoint)).toContain('/Users')
    expect((await scim('GET', '/ResourceTypes/User')).body.schema).toBe(userSchema)
    const schemas = await scim('GET', '/Schemas')
    expect(schemas.body.totalResults).toBe(schemas.body.Resources.length)
    expect((await scim('GET', `/Schemas/${enterprise}`)).body.name).toBe('EnterpriseUser')
    expect((await scim('GET', '/Schemas?filter=id%20pr')).status).toBe(403)
    expect((await scim('POST', '/Bulk', {})).status).toBe(501)
    expect((await scim('GET', '/Me')).status).toBe(501)
    expect((await scim('GET', '/Nothing')).status).toBe(404)
    expect((await scim('DELETE', '/Users')).status).toBe(405)
  })
})

describe('Okta', () => {
  test('its sequence: looks, adds, replaces, deactivates, brings back', async () => {
    const filter = 'userName eq "isaac.brock@example.com"'
    expect((await scim('GET', `/Users?filter=${encodeURIComponent(filter)}&startIndex=1&count=100`)).body).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
      totalResults: 0,
      startIndex: 1,
      itemsPerPage: 0,
      Resources: [],
    })
    const created = await scim('POST', '/Users', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
      userName: 'isaac.brock@example.com',
      name: { givenName: 'Isaac', familyName: 'Brock' },
      emails: [{ primary: true, value: 'isaac.brock@example.com', type: 'work' }],
      displayName: 'Isaac Brock',
      locale: 'en-US',
      externalId: '00ujl29u0le5T6Aj10h7',
      groups: [],
      password: '1mz050nq',
      active: true,
    })
    expect(created.status).toBe(201)
    expect(JSON.stringify(created.body)).not.toContain('1mz050nq')
    const { id } = created.body
    expect((await find(filter)).body.totalResults).toBe(1)
    // Nobody chose that password: it opens nothing.
    await expect(signIn('isaac.brock@example.com', '1mz050nq')).rejects.toThrow('401')

    const got = await scim('GET', `/Users/${id}`)
    const put = await scim('PUT', `/Users/${id}`, {
      ...got.body,
      name: { givenName: 'Isaac', familyName: 'Brock-Smith' },
    })
    expect(put).toMatchObject({ status: 200, body: { name: { familyName: 'Brock-Smith' }, active: true } })

    await setPassword(id)
    const person = await signIn('isaac.brock@example.com')
    const key = await person.json<{ key: string }>('POST', '/api/v1/api-keys', { name: 'A key' })
    const program = callerFor(server.url, { authorization: `Bearer ${key.key}` })
    expect((await program.fetch('/api/v1/conversations')).status).toBe(200)
    const conversation = await person.json<{ id: string }>('POST', '/api/v1/conversations', {})

    const off = await scim('PATCH', `/Users/${id}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', value: { active: false } }],
    })
    expect(off).toMatchObject({ status: 200, body: { active: false } })
    expect((await person.fetch('/api/v1/me')).status).toBe(401)
    expect((await program.fetch('/api/v1/conversations')).status).toBe(401)
    await expect(signIn('isaac.brock@example.com')).rejects.toThrow('401')
    expect((await find(`${filter} and active eq false`)).body.totalResults).toBe(1)

    const on = await scim('PATCH', `/Users/${id}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', value: { active: true } }],
    })
    expect(on).toMatchObject({ status: 200, body: { active: true, name: { familyName: 'Brock-Smith' } } })
    const back = await signIn('isaac.brock@example.com')
    expect((await back.fetch(`/api/v1/conversations/${conversation.id}`)).status).toBe(200)
    // Keys of before stay revoked: why they were away is not known.
    expect((await program.fetch('/api/v1/conversations')).status).toBe(401)
  })
})

describe('Entra ID', () => {
  test('its test of the connection: a user that cannot exist is an empty list', async () => {
    const filter = encodeURIComponent('userName eq "5a5b5c5d-1111-4222-8333-444444444444"')
    const answer = await scim('GET', `/Users?filter=${filter}`)
    expect(answer).toMatchObject({ status: 200, body: { totalResults: 0, Resources: [] } })
  })

  test('its sequence, with capitals, text for booleans, names with dots and filters', async () => {
    const created = await scim(
      'POST',
      '/Users',
      {
        schemas: [userSchema, enterprise],
        externalId: '0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef',
        userName: 'Test_User_ab6490ee@example.com',
        active: true,
        displayName: 'A B',
        emails: [{ primary: true, type: 'work', value: 'Test_User_fd0ea19b@example.com' }],
        meta: { resourceType: 'User' },
        name: { formatted: 'givenName familyName', familyName: 'familyName', givenName: 'givenName' },
        roles: [],
        [enterprise]: { employeeNumber: '4711', department: 'Machines', manager: { value: 'boss' } },
      },
      { 'content-type': 'application/scim+json' },
    )
    expect(created).toMatchObject({
      status: 201,
      body: { schemas: [userSchema, enterprise], [enterprise]: { department: 'Machines', manager: { value: 'boss' } } },
    })
    const { id } = created.body
    const changed = await patch(
      id,
      { op: 'Replace', path: 'emails[type eq "work"].value', value: 'updatedEmail@example.com' },
      { op: 'Replace', path: 'name.familyName', value: 'updatedFamilyName' },
      { op: 'Add', path: 'phoneNumbers[type eq "mobile"].value', value: '+49 30 1' },
      { op: 'Replace', path: `${enterprise}:department`, value: 'Engines' },
      { op: 'Add', path: `${enterprise}:manager`, value: 'another-boss' },
    )
    expect(changed).toMatchObject({
      status: 200,
      body: {
        emails: [{ primary: true, type: 'work', value: 'updatedEmail@example.com' }],
        name: { familyName: 'updatedFamilyName', givenName: 'givenName' },
        phoneNumbers: [{ type: 'mobile', value: '+49 30 1' }],
        [enterprise]: { department: 'Engines', manager: { value: 'another-boss' } },
      },
    })
    const pathless = await patch(id, {
      op: 'Replace',
      value: {
        'name.givenName': 'Pathless',
        'emails[type eq "home"].value': 'home@example.com',
        [`${enterprise}:costCenter`]: '7',
        displayName: 'B C',
        unknownAttribute: 'is nobody’s business',
      },
    })
    expect(pathless).toMatchObject({
      status: 200,
      body: {
        displayName: 'B C',
        name: { givenName: 'Pathless' },
        emails: [{ type: 'work' }, { type: 'home', value: 'home@example.com' }],
        [enterprise]: { costCenter: '7', department: 'Engines' },
      },
    })
    const renamed = await patch(id, { op: 'Replace', path: 'userName', value: 'renamed@example.com' })
    expect(renamed.body.userName).toBe('renamed@example.com')
    const off = await patch(id, { op: 'Replace', path: 'active', value: 'False' })
    expect(off).toMatchObject({ status: 200, body: { active: false } })
    expect((await find('externalId eq "0a21f0f2-8d2a-4f8e-bf98-7363c4aed4ef"')).body.Resources[0]).toMatchObject({
      id,
      active: false,
    })
    expect((await patch(id, { op: 'Add', path: 'active', value: 'True' })).body.active).toBe(true)
    expect((await scim('DELETE', `/Users/${id}`)).status).toBe(204)
  })
})

describe('filters', () => {
  beforeAll(async () => {
    const person = (name: string, more: object) =>
      scim('POST', '/Users', { schemas: [userSchema, enterprise], userName: `${name}@example.com`, ...more })
    await person('f-ada', {
      externalId: 'X1',
      displayName: 'Ada 100% L_vel',
      [enterprise]: { department: 'Maths' },
      emails: [
        { value: 'f-ada@example.com', type: 'work', primary: true },
        { value: 'ada@home.example', type: 'home' },
      ],
    })
    await person('f-bob', { externalId: 'x1', displayName: "Bob O'Tables", title: 'Clerk', active: false })
    await person('f-eve', { displayName: 'Eve', title: 'Analyst', [enterprise]: { department: 'Secrets' } })
  })

  test.each([
    ['userName eq "F-ADA@example.com"', ['f-ada']],
    ['externalId eq "x1"', ['f-bob']],
    ['userName sw "f-" and active eq true', ['f-ada', 'f-eve']],
    ['userName sw "f-" and active eq "False"', ['f-bob']],
    ['userName sw "f-" and not (active eq true)', ['f-bob']],
    ['userName sw "f-" and title pr', ['f-bob', 'f-eve']],
    ['userName sw "f-" and not (title pr)', ['f-ada']],
    ['userName sw "f-" and title ne "Clerk"', ['f-ada', 'f-eve']],
    ['emails[type eq "home" and value co "home.example"]', ['f-ada']],
    ['emails[type eq "work" and value co "home.example"]', []],
    ['emails.value eq "ADA@home.example"', ['f-ada']],
    ['emails co "home.example"', ['f-ada']],
    [`${enterprise}:department eq "maths"`, ['f-ada']],
    [`${enterprise}:department sw "S" or displayName co "tables"`, ['f-bob', 'f-eve']],
    ['userName eq "f-ada@example.com" or userName eq "f-eve@example.com" and title eq "Clerk"', ['f-ada']],
    ['(userName eq "f-ada@example.com" or userName eq "f-eve@example.com") and title eq "Analyst"', ['f-eve']],
    ['displayName co "%"', ['f-ada']],
    ['displayName co "l_v"', ['f-ada']],
    ['userName sw "f-" and displayName gt "bob"', ['f-bob', 'f-eve']],
    ['userName sw "f-" and displayName le "eve"', ['f-ada', 'f-bob', 'f-eve']],
    ['userName sw "f-" and meta.lastModified gt "2020-01-01T00:00:00Z"', ['f-ada', 'f-bob', 'f-eve']],
    ['userName sw "f-" and meta.created lt "2020-01-01T00:00:00Z"', []],
    ['userName ew "eve@example.com"', ['f-eve']],
    ['userName sw "f-" and roles.value eq "member"', ['f-ada', 'f-bob', 'f-eve']],
    ['USERNAME EQ "f-eve@example.com" AND Title PR', ['f-eve']],
    // What tries to get out of its place finds nothing.
    [`displayName eq "x' or '1'='1"`, []],
    [`displayName eq "Bob O'Tables"`, ['f-bob']],
    ['userName eq "x\\"; drop table users; --"', []],
    ['userName sw "f-" and displayName co "$1"', []],
  ])('%s', async (filter, expected) => {
    expect(await names(filter)).toEqual(expected)
  })

  test.each([
    'userName',
    'userName eq',
    'userName eq bob"',
    'userName eq "a" and',
    'noSuch eq "x"',
    'userName; drop table users eq "x"',
    'name eq "x"',
    'active gt true',
    'active eq "perhaps"',
    'meta.created gt "yesterday"',
    'meta.created co "2026"',
    'emails[noSuch eq "x"]',
    'name[givenName eq "x"]',
    '__proto__ eq "x"',
    'constructor pr',
    `attributes eq "x"`,
    `userName eq "${'\n'.repeat(60)}`,
    `${'('.repeat(500)}userName pr${')'.repeat(499)}`,
    Array.from({ length: 60 }, () => 'userName pr').join(' or '),
    `userName eq "${'x'.repeat(3000)}"`,
  ])('refused: %s', async (filter) => {
    const before = Date.now()
    expect(await find(filter)).toMatchObject({ status: 400, body: { status: '400', scimType: 'invalidFilter' } })
    expect(Date.now() - before).toBeLessThan(within(2_000))
  })

  test('pages, sorted, never more than the cap', async () => {
    const page = (query: string) =>
      scim('GET', `/Users?filter=${encodeURIComponent('userName sw "f-"')}&${query}&attributes=userName`)
    const named = ({ body }: Answer) => body.Resources.map((each: Json) => each.userName.slice(0, 5))
    const first = await page('count=2&sortBy=displayName&sortOrder=descending')
    expect(first.body).toMatchObject({ totalResults: 3, startIndex: 1, itemsPerPage: 2 })
    expect(named(first)).toEqual(['f-eve', 'f-bob'])
    expect(named(await page('startIndex=3&count=2&sortBy=displayName&sortOrder=descending'))).toEqual(['f-ada'])
    expect((await page('startIndex=9')).body).toMatchObject({ totalResults: 3, itemsPerPage: 0, Resources: [] })
    expect((await page('count=0')).body).toMatchObject({ totalResults: 3, itemsPerPage: 0, Resources: [] })
    expect((await page('startIndex=-5&count=100000')).body).toMatchObject({ startIndex: 1, itemsPerPage: 3 })
    expect(named(await page('sortBy=emails'))).toEqual(['f-ada', 'f-bob', 'f-eve'])
    expect((await page('sortBy=name')).status).toBe(400)
    expect((await page('count=many')).body.scimType).toBe('invalidValue')
    expect((await page('sortOrder=sideways')).status).toBe(400)
  })
})

describe('who may do what', () => {
  test('a token is good for SCIM alone, and nothing else is good for SCIM', async () => {
    const { token } = await makeToken(server.owner, 'Narrow')
    const elsewhere = callerFor(server.url, { authorization: `Bearer ${token}` })
    expect((await elsewhere.fetch('/api/v1/me')).status).toBe(401)
    const key = await server.owner.json<{ key: string }>('POST', '/api/v1/api-keys', {
      name: 'All',
      scopes: ['people:manage', 'workspace:manage'],
    })
    const strangers = [key.key, server.owner.signedIn.accessToken, 'scim_', `scim_${'x'.repeat(43)}`, `${token}x`]
    for (const credential of strangers) {
      const answer = await directory(credential)('GET', '/Users')
      expect(answer).toMatchObject({ status: 401, body: { status: '401' } })
      expect(answer.headers.get('www-authenticate')).toBe('Bearer')
    }
    // A key cannot make itself a token either.
    const program = callerFor(server.url, { authorization: `Bearer ${key.key}` })
    await expect(program.json('POST', '/api/v1/scim-tokens', { name: 'Sly' })).rejects.toThrow('403')
  })

  test('tokens are rotated with overlap, and revoked at once', async () => {
    const first = await makeToken(server.owner, 'Rotated')
    const second = await server.owner.json<{ token: string; previousUntil: string }>(
      'POST',
      `/api/v1/scim-tokens/${first.id}/rotate`,
      {},
    )
    expect(new Date(second.previousUntil).getTime()).toBeGreaterThan(Date.now() + 23 * 60 * 60_000)
    for (const token of [first.token, second.token]) expect((await directory(token)('GET', '/Users')).status).toBe(200)
    const third = await server.owner.json<{ token: string }>('POST', `/api/v1/scim-tokens/${first.id}/rotate`, {
      overlapHours: 0,
    })
    for (const token of [first.token, second.token]) expect((await directory(token)('GET', '/Users')).status).toBe(401)
    expect((await directory(third.token)('GET', '/Users')).status).toBe(200)
    const { tokens } = await server.owner.json<{ tokens: Json[] }>('GET', '/api/v1/provisioning')
    const shown = tokens.find(({ id }) => id === first.id)
    expect(shown.lastUsedAt).not.toBeNull()
    expect(JSON.stringify(tokens)).not.toContain(third.token)
    await expect(other.caller.json('DELETE', `/api/v1/scim-tokens/${first.id}`)).rejects.toThrow('404')
    await server.owner.json('DELETE', `/api/v1/scim-tokens/${first.id}`)
    expect((await directory(third.token)('GET', '/Users')).status).toBe(401)
    const rows = await server.platform.db.selectFrom('scimTokens').selectAll().execute()
    expect(JSON.stringify(rows)).not.toContain(third.token)
  })

  test('a repeated request is shown the same token', async () => {
    const headers = { 'idempotency-key': 'one-token' }
    const make = () => server.owner.json<{ token: string }>('POST', '/api/v1/scim-tokens', { name: 'Twice' }, headers)
    expect(await make()).toEqual(await make())
  })

  test('of another workspace nothing is found, and nothing changes', async () => {
    const mine = await makeUser({ displayName: 'Mine' })
    const nobody = await other.scim('GET', '/Users/01900000-0000-7000-8000-000000000000')
    for (const id of [mine.id, server.owner.signedIn.user.id, 'nope', '%00', "' or true"]) {
      const path = `/Users/${encodeURIComponent(id)}`
      const Operations = [{ op: 'replace', path: 'active', value: false }]
      for (const [method, body] of [
        ['GET'],
        ['PUT', { schemas: [userSchema], userName: 'mine@example.com' }],
        ['PATCH', { schemas: [patchOp], Operations }],
        ['DELETE'],
      ] as [string, unknown?][]) {
        const answer = await other.scim(method, path, body)
        expect([400, 404], `${method} ${id}`).toContain(answer.status)
        if (answer.status === 404) expect(answer.body).toEqual(nobody.body)
      }
    }
    expect((await find('displayName eq "Mine"', other.scim)).body.totalResults).toBe(0)
    const everyone = (await other.scim('GET', '/Users?count=200')).body
    expect(everyone.Resources.map((each: Json) => each.userName)).toEqual(['rival@example.com'])
    expect((await scim('GET', `/Users/${mine.id}`)).body).toEqual(mine)
  })

  test('the last owner can neither be deactivated, nor deleted, nor made less', async () => {
    const { id } = server.owner.signedIn.user
    for (const answer of [
      await patch(id, { op: 'replace', path: 'active', value: false }),
      await patch(id, { op: 'replace', path: 'roles', value: [{ value: 'member' }] }),
      await scim('DELETE', `/Users/${id}`),
    ]) {
      expect(answer).toMatchObject({ status: 400, body: { scimType: 'mutability' } })
      expect(answer.body.detail).toContain('last owner')
    }
    expect((await server.owner.fetch('/api/v1/me')).status).toBe(200)
    // What else a directory says of them is kept.
    expect((await patch(id, { op: 'add', path: 'title', value: 'Founder' })).body.title).toBe('Founder')
    expect((await patch(id, { op: 'remove', path: 'title' })).status).toBe(200)
  })

  test('roles are given as far as the token’s maker might, and never owner', async () => {
    const admin = await makeUser({ roles: [{ value: 'Admin', primary: true }] })
    expect(admin.roles).toEqual([{ value: 'admin', primary: true }])
    await setPassword(admin.id)
    const asAdmin = await signIn(admin.userName)
    expect(await asAdmin.json('GET', '/api/v1/me')).toMatchObject({ workspace: { role: 'admin' } })
    const byAdmin = directory((await makeToken(asAdmin, 'By an admin')).token)
    const ownerId = server.owner.signedIn.user.id
    const off = { schemas: [patchOp], Operations: [{ op: 'replace', path: 'active', value: false }] }
    expect((await byAdmin('PATCH', `/Users/${ownerId}`, off)).status).toBe(403)
    expect((await byAdmin('DELETE', `/Users/${ownerId}`)).status).toBe(403)
    const owner = { op: 'replace', path: 'roles', value: [{ value: 'owner' }] }
    for (const by of [scim, byAdmin]) {
      const answer = await by('PATCH', `/Users/${admin.id}`, { schemas: [patchOp], Operations: [owner] })
      expect(answer.status).toBe(403)
    }
    expect((await patch(admin.id, { op: 'replace', path: 'roles', value: [{ value: 'king' }] })).body).toMatchObject({
      scimType: 'invalidValue',
    })
    // A change of role counts at once, and a PUT that says nothing of it leaves it.
    await patch(admin.id, { op: 'replace', path: 'roles[primary eq true].value', value: 'viewer' })
    expect(await asAdmin.json('GET', '/api/v1/me')).toMatchObject({ workspace: { role: 'viewer' } })
    const put = await scim('PUT', `/Users/${admin.id}`, { schemas: [userSchema], userName: admin.userName })
    expect(put.body.roles[0].value).toBe('viewer')
    expect((await patch(admin.id, { op: 'remove', path: 'roles' })).body.roles[0].value).toBe('member')
    const member = await signIn(admin.userName)
    await expect(member.json('POST', '/api/v1/scim-tokens', { name: 'No' })).rejects.toThrow('403')
  })

  test('whom the directory keeps out comes in by no other way', async () => {
    const user = await makeUser({ active: false })
    const { db } = server.platform
    const workspaceId = server.owner.signedIn.user.workspace.id
    const insert = db
      .insertInto('memberships')
      .values({ workspaceId, userId: user.id, role: 'member', createdAt: new Date() })
      .execute()
    await expect(insert).rejects.toThrow('keeps this person out')
  })
})

describe('people who have an account already', () => {
  const offerToken = async () => {
    const { dataDir } = server.platform.config
    await expect.poll(() => outboxMails(dataDir)).not.toEqual([])
    const mail = (await outboxMails(dataDir)).at(-1)!
    return /join-workspace#token=3D([\w-]{43})|join-workspace#token=([\w-]{43})/.exec(mail.replaceAll('=\r\n', ''))!
  }

  test('are asked, join by agreeing, and are nobody’s to rename', async () => {
    const answer = await scim('POST', '/Users', {
      schemas: [userSchema],
      userName: 'rival@example.com',
      displayName: 'Renamed by another',
    })
    expect(answer).toMatchObject({ status: 201, body: { active: true, displayName: 'Renamed by another' } })
    const { id } = answer.body
    const rival = other.caller
    expect(await rival.json('GET', '/api/v1/me')).toMatchObject({
      name: 'Rita Rival',
      workspace: { id: other.workspaceId, role: 'owner' },
    })
    const workspaceId = server.owner.signedIn.user.workspace.id
    const members = () =>
      server.platform.db
        .selectFrom('memberships')
        .select('userId')
        .where('workspaceId', '=', workspaceId)
        .where('userId', '=', id)
        .execute()
    expect(await members()).toEqual([])
    const { people } = await server.owner.json<{ people: Json }>('GET', '/api/v1/provisioning')
    expect(people.waiting).toBe(1)

    const match = await offerToken()
    const token = (match[1] ?? match[2])!
    // Neither the link nor the account is enough alone.
    await expect(server.owner.json('POST', '/api/v1/workspace-offers/accept', { token })).rejects.toThrow('404')
    await expect(rival.json('POST', '/api/v1/workspace-offers/accept', { token: 'x' })).rejects.toThrow('404')
    expect(await rival.json('POST', '/api/v1/workspace-offers/look', { token })).toEqual({
      workspaceId,
      workspaceName: 'Test team',
    })
    await rival.json('POST', '/api/v1/workspace-offers/decline', { token })
    await expect(rival.json('POST', '/api/v1/workspace-offers/accept', { token })).rejects.toThrow('404')
    const outside = await server.owner.json<{ data: Json[] }>('GET', '/api/v1/provisioned-people')
    expect(outside.data.find((each) => each.id === id)).toMatchObject({ state: 'declined' })

    await expect(server.owner.json('POST', `/api/v1/provisioned-people/${id}/offer`)).rejects.toThrow('429')
    const earlier = new Date(Date.now() - 60 * 60_000)
    await server.platform.db.updateTable('scimUsers').set({ offeredAt: earlier }).where('userId', '=', id).execute()
    await expect(other.caller.json('POST', `/api/v1/provisioned-people/${id}/offer`)).rejects.toThrow('404')
    await server.owner.json('POST', `/api/v1/provisioned-people/${id}/offer`)
    await expect
      .poll(async () => {
        const next = await offerToken()
        return (next[1] ?? next[2]) !== token
      })
      .toBe(true)
    const second = await offerToken()
    await rival.json('POST', '/api/v1/workspace-offers/accept', { token: (second[1] ?? second[2])! })
    expect(await members()).toHaveLength(1)
    // The session went there; an access token names its workspace itself.
    expect(await (await signIn('rival@example.com')).json('GET', '/api/v1/me')).toMatchObject({
      name: 'Rita Rival',
      email: 'rival@example.com',
      workspace: { id: workspaceId, role: 'member' },
    })

    // The directory changes what it says of them, and not the account.
    await patch(id, { op: 'replace', path: 'emails', value: [{ value: 'stolen@example.com', primary: true }] })
    expect((await rival.json<Json>('GET', '/api/v1/me')).email).toBe('rival@example.com')
    // And takes them out of this workspace only.
    await patch(id, { op: 'replace', path: 'active', value: false })
    const home = { 'parley-workspace': other.workspaceId }
    const again = await signIn('rival@example.com')
    expect(await again.json('GET', '/api/v1/me', undefined, home)).toMatchObject({ workspace: { role: 'owner' } })
    expect((await again.fetch('/api/v1/me', { headers: { 'parley-workspace': workspaceId } })).status).toBe(404)
    expect((await scim('DELETE', `/Users/${id}`)).status).toBe(204)
  })

  test('an account the directory made follows it, until somebody else relies on it', async () => {
    const user = await makeUser({ displayName: 'Before' })
    const change = { op: 'replace', value: { displayName: 'After', userName: 'followed@example.com' } }
    expect((await patch(user.id, change)).status).toBe(200)
    const account = () =>
      server.platform.db
        .selectFrom('users')
        .select(['email', 'name'])
        .where('id', '=', user.id)
        .executeTakeFirstOrThrow()
    expect(await account()).toEqual({ email: 'followed@example.com', name: 'After' })
    expect((await patch(user.id, { op: 'replace', path: 'userName', value: 'owner@example.com' })).status).toBe(409)
    await server.platform.db
      .insertInto('memberships')
      .values({ workspaceId: other.workspaceId, userId: user.id, role: 'member', createdAt: new Date() })
      .execute()
    expect((await patch(user.id, { op: 'replace', path: 'userName', value: 'taken-over@example.com' })).status).toBe(
      200,
    )
    expect(await account()).toEqual({ email: 'followed@example.com', name: 'After' })
  })

  test('that is in no workspace, and was not made by this directory, has to be invited', async () => {
    const { db } = server.platform
    const row = { id: '01900000-0000-7000-8000-00000000aaaa', email: 'stray@example.com', name: 'Stray' }
    const now = new Date()
    await db
      .insertInto('users')
      .values({ ...row, passwordHash: null, createdAt: now, updatedAt: now })
      .execute()
    const answer = await scim('POST', '/Users', { schemas: [userSchema], userName: 'stray@example.com' })
    expect(answer).toMatchObject({ status: 409, body: { scimType: 'uniqueness' } })
  })

  test('members from before are found, and provisioned from then on', async () => {
    const found = (await find('userName eq "owner@example.com"')).body.Resources[0]
    expect(found).toMatchObject({
      id: server.owner.signedIn.user.id,
      active: true,
      emails: [{ value: 'owner@example.com', primary: true }],
      roles: [{ value: 'owner' }],
    })
  })
})

describe('groups', () => {
  const groupSchema = 'urn:ietf:params:scim:schemas:core:2.0:Group'
  const changeGroup = (id: string, ...Operations: unknown[]) =>
    scim('PATCH', `/Groups/${id}`, { schemas: [patchOp], Operations })
  const memberIds = ({ body }: Answer) => (body.members ?? []).map((each: Json) => each.value)
  let [ada, bob, eve] = ['', '', '']
  let group: Json

  beforeAll(async () => {
    ;[ada, bob, eve] = [(await makeUser()).id, (await makeUser()).id, (await makeUser({ active: false })).id]
    const answer = await scim('POST', '/Groups', {
      schemas: [groupSchema],
      displayName: 'Tour Guides',
      externalId: 'tour-guides',
      members: [{ value: ada, $ref: 'https://example.com/v2/Users/x', display: 'Babs Jensen' }],
    })
    expect(answer.status).toBe(201)
    group = answer.body
  })

  test('are made, read, found, and shown with their people', async () => {
    expect(group).toMatchObject({
      schemas: [groupSchema],
      displayName: 'Tour Guides',
      externalId: 'tour-guides',
      members: [{ value: ada, type: 'User' }],
      meta: { resourceType: 'Group' },
    })
    expect((await scim('GET', `/Groups/${group.id}`)).body).toEqual(group)
    expect((await scim('GET', `/Users/${ada}`)).body.groups).toMatchObject([
      { value: group.id, display: 'Tour Guides', type: 'direct' },
    ])
    const search = async (filter: string, more = '') =>
      (await scim('GET', `/Groups?filter=${encodeURIComponent(filter)}${more}`)).body
    expect((await search('displayName eq "tour guides"', '&excludedAttributes=members')).Resources).toEqual([
      expect.not.objectContaining({ members: expect.anything() }),
    ])
    for (const filter of ['externalId eq "tour-guides"', `members.value eq "${ada}"`, `members[value eq "${ada}"]`]) {
      expect((await search(filter)).Resources, filter).toEqual([group])
    }
    expect((await search(`members.value eq "${bob}"`)).totalResults).toBe(0)
    expect((await search('description eq "x"')).scimType).toBe('invalidFilter')
    expect((await find(`groups.value eq "${group.id}"`)).body.Resources.map((each: Json) => each.id)).toEqual([ada])
    // The app shows the same group.
    const { data } = await server.owner.json<{ data: Json[] }>('GET', '/api/v1/groups')
    expect(data).toContainEqual(expect.objectContaining({ id: group.id, name: 'Tour Guides', memberCount: 1 }))
  })

  test('RFC 7644, 3.5.2: members come and go', async () => {
    const added = await changeGroup(group.id, {
      op: 'add',
      path: 'members',
      value: [{ display: 'Bob', $ref: 'https://example.com/Users/bob', value: bob }],
    })
    expect(memberIds(added).sort()).toEqual([ada, bob].sort())
    expect(memberIds(await changeGroup(group.id, { op: 'remove', path: `members[value eq "${ada}"]` }))).toEqual([bob])
    const swapped = await changeGroup(
      group.id,
      { op: 'remove', path: `members[value eq "${bob}"]` },
      { op: 'add', path: 'members', value: [{ value: ada }] },
    )
    expect(memberIds(swapped)).toEqual([ada])
    const replaced = await changeGroup(group.id, {
      op: 'replace',
      path: 'members',
      value: [{ value: ada }, { value: bob }],
    })
    expect(memberIds(replaced)).toHaveLength(2)
    expect(memberIds(await changeGroup(group.id, { op: 'remove', path: 'members' }))).toEqual([])
    const put = await scim('PUT', `/Groups/${group.id}`, {
      schemas: [groupSchema],
      displayName: 'Guides',
      members: [{ value: bob }],
    })
    expect(put.body).toMatchObject({ displayName: 'Guides', members: [{ value: bob }] })
    expect(put.body.externalId).toBeUndefined()
  })

  test('Entra ID: capitals, several members, and a remove with values', async () => {
    await changeGroup(group.id, { op: 'Replace', path: 'displayName', value: 'Explorers' })
    await changeGroup(group.id, { op: 'Replace', path: 'members', value: [] })
    const added = await changeGroup(group.id, {
      op: 'Add',
      path: 'members',
      value: [
        { $ref: null, value: ada },
        { $ref: null, value: bob },
      ],
    })
    expect(added.status).toBe(200)
    expect(memberIds(added)).toHaveLength(2)
    const removed = await changeGroup(group.id, { op: 'Remove', path: 'members', value: [{ $ref: null, value: ada }] })
    expect(memberIds(removed)).toEqual([bob])
  })

  test('Okta: renames with the id in the value, and PUTs all members', async () => {
    const renamed = await changeGroup(group.id, { op: 'replace', value: { id: group.id, displayName: 'Test SCIMv2' } })
    expect(renamed.body.displayName).toBe('Test SCIMv2')
    expect(memberIds(renamed)).toEqual([bob])
  })

  test('who is kept out is put into their groups when they come back', async () => {
    await changeGroup(group.id, { op: 'replace', path: 'members', value: [{ value: bob }, { value: eve }] })
    const of = async () => memberIds(await scim('GET', `/Groups/${group.id}`)).sort()
    const inApp = async () =>
      (await server.owner.json<{ data: Json[] }>('GET', `/api/v1/groups/${group.id}/members`)).data.map(({ id }) => id)
    expect(await of()).toEqual([bob, eve].sort())
    expect(await inApp()).toEqual([bob])
    await patch(bob, { op: 'replace', path: 'active', value: false })
    expect(await inApp()).toEqual([])
    expect(await of()).toEqual([bob, eve].sort())
    await patch(bob, { op: 'replace', path: 'active', value: true })
    await patch(eve, { op: 'replace', path: 'active', value: true })
    expect((await inApp()).sort()).toEqual([bob, eve].sort())
    expect(await of()).toEqual([bob, eve].sort())
  })

  test('what is wrong is refused, and changes nothing', async () => {
    const before = (await scim('GET', `/Groups/${group.id}`)).body
    const other1 = await scim('POST', '/Groups', { schemas: [groupSchema], displayName: 'Others' })
    const rivals = await other.scim('GET', '/Users')
    const stranger = rivals.body.Resources[0].id
    for (const [operation, scimType] of [
      [{ op: 'add', path: 'members', value: [{ value: stranger }] }, 'invalidValue'],
      [{ op: 'add', path: 'members', value: [{ value: 'nope' }] }, 'invalidValue'],
      [{ op: 'add', path: 'members', value: [{ value: other1.body.id, type: 'Group' }] }, 'invalidValue'],
      [{ op: 'replace', path: 'displayName', value: 'OTHERS' }, 'uniqueness'],
      [{ op: 'remove', path: 'displayName' }, 'invalidValue'],
      [{ op: 'replace', path: `members[value eq "${bob}"].value`, value: ada }, 'mutability'],
    ] as const) {
      expect((await changeGroup(group.id, operation)).body.scimType, JSON.stringify(operation)).toBe(scimType)
    }
    for (const method of ['GET', 'PUT', 'PATCH', 'DELETE']) {
      const body = method === 'PUT' ? { schemas: [groupSchema], displayName: 'Mine' } : undefined
      const Operations = [{ op: 'replace', path: 'displayName', value: 'Mine' }]
      const answer = await other.scim(
        method,
        `/Groups/${group.id}`,
        method === 'PATCH' ? { schemas: [patchOp], Operations } : body,
      )
      expect(answer.status).toBe(404)
    }
    expect((await other.scim('GET', '/Groups')).body.totalResults).toBe(0)
    expect((await scim('GET', `/Groups/${group.id}`)).body).toEqual(before)
    expect((await scim('DELETE', `/Groups/${group.id}`, undefined, { 'if-match': 'W/"old"' })).status).toBe(412)
    expect((await scim('DELETE', `/Groups/${group.id}`)).status).toBe(204)
    expect((await scim('GET', `/Groups/${group.id}`)).status).toBe(404)
  })

  test('a custom role is given by its name', async () => {
    const role = await server.owner.json<{ id: string }>('POST', '/api/v1/roles', {
      name: 'Librarian',
      scopes: ['conversations:read', 'files:read'],
    })
    const changed = await patch(ada, { op: 'replace', path: 'roles', value: [{ value: 'librarian' }] })
    expect(changed.body.roles).toEqual([{ value: 'Librarian', primary: true }])
    expect((await names('roles.value eq "Librarian"')).length).toBe(1)
    await patch(ada, { op: 'replace', path: 'active', value: false })
    const back = await patch(ada, { op: 'replace', path: 'active', value: true })
    expect(back.body.roles).toEqual([{ value: 'Librarian', primary: true }])
    const kept = await server.owner.json<{ memberCount: number }>('GET', `/api/v1/roles/${role.id}`)
    expect(kept.memberCount).toBe(1)
  })
})

describe('bad input', () => {
  const good = { schemas: [userSchema], userName: 'bad@example.com' }
  test.each([
    ['no JSON', '{', 'invalidSyntax'],
    ['no object', [], 'invalidSyntax'],
    ['no schemas', { userName: 'x@example.com' }, 'invalidSyntax'],
    ['another schema', { ...good, schemas: [patchOp] }, 'invalidSyntax'],
    ['no userName', { schemas: [userSchema] }, 'invalidValue'],
    ['a blank userName', { ...good, userName: '  ' }, 'invalidValue'],
    ['a number of an object', { ...good, name: 7 }, 'invalidValue'],
    ['an object for text', { ...good, title: {} }, 'invalidValue'],
    ['text for a boolean', { ...good, active: 'perhaps' }, 'invalidValue'],
    [
      'two primaries',
      {
        ...good,
        emails: [
          { value: 'a@b.co', primary: true },
          { value: 'b@b.co', primary: true },
        ],
      },
      'invalidValue',
    ],
    ['no address', { ...good, userName: 'nobody' }, 'invalidValue'],
    ['a bad address', { ...good, emails: [{ value: 'x y' }] }, 'invalidValue'],
    ['NUL', { ...good, title: 'a\0b' }, 'invalidValue'],
    ['half a character', { ...good, title: '\ud800' }, 'invalidValue'],
    ['a long text', { ...good, title: 'x'.repeat(5000) }, 'invalidValue'],
    [
      'many values',
      { ...good, phoneNumbers: Array.from({ length: 200 }, (_, i) => ({ value: String(i) })) },
      'invalidValue',
    ],
    [
      '__proto__',
      '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],"userName":"x@example.com","__proto__":{"active":false}}',
      'invalidSyntax',
    ],
  ])('%s', async (_what, body, scimType) => {
    expect(await scim('POST', '/Users', body)).toMatchObject({ status: 400, body: { status: '400', scimType } })
  })

  test.each([
    ['no operations', { schemas: [patchOp] }, 'invalidSyntax'],
    ['an empty list', { schemas: [patchOp], Operations: [] }, 'invalidSyntax'],
    ['another op', { schemas: [patchOp], Operations: [{ op: 'move', path: 'title' }] }, 'invalidSyntax'],
    ['an unknown path', { schemas: [patchOp], Operations: [{ op: 'add', path: 'noSuch', value: 1 }] }, 'invalidPath'],
    ['a broken path', { schemas: [patchOp], Operations: [{ op: 'add', path: 'emails[', value: 1 }] }, 'invalidPath'],
    [
      'a broken filter',
      { schemas: [patchOp], Operations: [{ op: 'add', path: 'emails[type].value', value: 1 }] },
      'invalidFilter',
    ],
    [
      'what is read-only',
      { schemas: [patchOp], Operations: [{ op: 'replace', path: 'id', value: 'x' }] },
      'mutability',
    ],
    ['a remove of nothing', { schemas: [patchOp], Operations: [{ op: 'remove' }] }, 'noTarget'],
    [
      'a replace of nothing',
      { schemas: [patchOp], Operations: [{ op: 'replace', path: 'ims[type eq "x"].value', value: 'y' }] },
      'noTarget',
    ],
    ['a remove of userName', { schemas: [patchOp], Operations: [{ op: 'remove', path: 'userName' }] }, 'invalidValue'],
    [
      'one bad among good',
      {
        schemas: [patchOp],
        Operations: [
          { op: 'add', path: 'title', value: 'Kept?' },
          { op: 'add', path: 'no', value: 1 },
        ],
      },
      'invalidPath',
    ],
  ])('PATCH with %s', async (_what, body, scimType) => {
    const user = await makeUser()
    expect(await scim('PATCH', `/Users/${user.id}`, body)).toMatchObject({ status: 400, body: { scimType } })
    expect((await scim('GET', `/Users/${user.id}`)).body).toEqual(user)
  })

  test('another media type, and a body that is too large', async () => {
    const text = await scim('POST', '/Users', 'x', { 'content-type': 'text/plain' })
    expect(text).toMatchObject({ status: 415, body: { status: '415' } })
    const large = await scim('POST', '/Users', { ...good, title: 'x'.repeat(3 * 1024 * 1024) })
    expect(large).toMatchObject({ status: 413, body: { status: '413' } })
    expect((await scim('POST', '/Users', good, { 'content-type': 'application/json' })).status).toBe(201)
  })

  test('events tell of what a directory does', async () => {
    const user = await makeUser()
    await patch(user.id, { op: 'replace', path: 'active', value: false })
    await patch(user.id, { op: 'replace', path: 'active', value: true })
    await scim('DELETE', `/Users/${user.id}`)
    const rows = await server.platform.db
      .selectFrom('outboxEvents')
      .select('type')
      .where('subjectId', '=', user.id)
      .orderBy('position')
      .execute()
    expect(rows.map(({ type }) => type)).toEqual([
      'member-provisioned',
      'member-suspended',
      'member-restored',
      'member-removed',
    ])
  })
})
