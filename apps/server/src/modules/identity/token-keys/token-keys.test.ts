import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as signBytes,
} from 'node:crypto'
import { type Problem, type SignedIn, tokenKeySchema } from '@parley/contract'
import { createLocalJWKSet, createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { type Platform, systemClock } from '../../../platform/context.ts'
import { newId } from '../../../platform/crypto/index.ts'
import { callerFor, startServer, type TestServer } from '../../../testing/start-server.ts'
import { readAccessToken } from './access-tokens.ts'
import { rotateOldTokenKeys, rotateTokenKeys, tokenKeys } from './token-keys.ts'

let server: TestServer
let refreshToken: string
const day = 24 * 3600_000

beforeAll(async () => {
  server = await startServer({ env: { PARLEY_SIGNUP: 'open' } })
  refreshToken = server.owner.signedIn.refreshToken
})
afterAll(() => server.close())
afterEach(() => {
  server.platform.clock = systemClock
  tokenKeys(server.platform).forget()
})

function at(ms: number): void {
  server.platform.clock = { now: () => new Date(Date.now() + ms) }
}

/** A new access token of the owner. */
async function logIn(): Promise<string> {
  const next = await server.anyone.json<SignedIn>('POST', '/api/v1/auth/refresh', { refreshToken })
  refreshToken = next.refreshToken
  return next.accessToken
}

async function ask(
  token: string,
  headers: Record<string, string> = {},
): Promise<Partial<Problem> & { status: number }> {
  const response = await callerFor(server.url, { authorization: `Bearer ${token}` }).fetch('/api/v1/me', { headers })
  return { ...((await response.json()) as Partial<Problem>), status: response.status }
}

async function published() {
  const response = await server.anyone.fetch('/.well-known/jwks.json')
  expect(response.status).toBe(200)
  const { keys } = z.strictObject({ keys: z.array(tokenKeySchema.strict()) }).parse(await response.json())
  return { response, keys, ids: keys.map(({ kid }) => kid) }
}

const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** A token of any content, signed with the server's own key unless told otherwise. */
async function forge(
  header: unknown,
  claims: unknown,
  sign: (input: Buffer) => Buffer = (input) => signBytes(null, input, ownKey),
): Promise<string> {
  const input = `${encode(header)}.${encode(claims)}`
  return `${input}.${sign(Buffer.from(input)).toString('base64url')}`
}
let ownKey: KeyObject

describe('attacks on access tokens', () => {
  test('are all refused with the same problem', async () => {
    const token = await logIn()
    expect(await ask(token)).toMatchObject({ status: 200 })
    const [header64, claims64, signature64] = token.split('.') as [string, string, string]
    const header = JSON.parse(Buffer.from(header64, 'base64url').toString()) as Record<string, unknown>
    const claims = JSON.parse(Buffer.from(claims64, 'base64url').toString()) as Record<string, unknown>
    const { id, privateKey } = await tokenKeys(server.platform).signing(server.platform)
    ownKey = privateKey
    expect(header).toEqual({ alg: 'EdDSA', typ: 'JWT', kid: id })
    const now = Math.floor(Date.now() / 1000)
    const publicKey = createPublicKey(createPrivateKey(privateKey.export({ format: 'pem', type: 'pkcs8' })))
    const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString()
    const jwk = publicKey.export({ format: 'jwk' })
    const hmac = (key: string | Buffer) => (input: Buffer) => createHmac('sha256', key).update(input).digest()
    const attacker = generateKeyPairSync('ed25519')
    const attackerJwk = { ...attacker.publicKey.export({ format: 'jwk' }), kid: id, alg: 'EdDSA' }
    const byAttacker = (input: Buffer) => signBytes(null, input, attacker.privateKey)
    const good = () => ({ ...claims, jti: newId() })
    // The forge itself is sound: what it makes of good parts is accepted, so what is refused is refused for what it is.
    expect(await ask(await forge(header, good()))).toMatchObject({ status: 200 })

    const attacks: Record<string, string> = {}
    const add = (name: string, attack: string) => {
      attacks[name] = attack
    }
    for (const alg of ['none', 'None', 'NONE', 'nOnE', '']) {
      add(`alg "${alg}", no signature`, `${encode({ ...header, alg })}.${claims64}.`)
      add(`alg "${alg}", the old signature`, `${encode({ ...header, alg })}.${claims64}.${signature64}`)
    }
    add('no alg', await forge({ typ: 'JWT', kid: id }, good()))
    for (const alg of ['HS256', 'HS384', 'HS512']) {
      for (const [name, key] of [
        ['PEM', pem],
        ['PEM without its end', pem.trim()],
        ['DER', publicKey.export({ format: 'der', type: 'spki' })],
        ['JWK', JSON.stringify(jwk)],
        ['x', jwk.x!],
        ['bytes of x', Buffer.from(jwk.x!, 'base64url')],
        ['nothing', ''],
      ] as const) {
        add(`${alg} with the public key as secret (${name})`, await forge({ ...header, alg }, good(), hmac(key)))
      }
    }
    for (const alg of ['ES256', 'RS256', 'PS256', 'Ed448', 'EdDSA ', 'eddsa', 'Ed25519']) {
      add(`alg ${alg}`, await forge({ ...header, alg }, good()))
    }
    for (const kid of [
      '../../../../dev/null',
      '/dev/null',
      '/proc/self/environ',
      "' or '1'='1",
      `${id}' union select 'AA' --`,
      'https://attacker.example/jwks.json',
      'file:///etc/passwd',
      '|id',
      '__proto__',
      'constructor',
      'toString',
      '',
      `${id}\0`,
      `${id} `,
      id.toUpperCase(),
      'x'.repeat(1500),
    ]) {
      add(`kid ${JSON.stringify(kid.slice(0, 40))}`, await forge({ ...header, kid }, good(), byAttacker))
      add(
        `kid ${JSON.stringify(kid.slice(0, 40))}, signed with nothing`,
        await forge({ ...header, kid, alg: 'HS256' }, good(), hmac('')),
      )
    }
    for (const kid of [null, 7, true, [id], { id }]) {
      add(`kid ${JSON.stringify(kid)}`, await forge({ ...header, kid }, good()))
    }
    add('no kid', await forge({ alg: 'EdDSA', typ: 'JWT' }, good()))
    for (const [name, value] of Object.entries({
      jwk: attackerJwk,
      jku: 'https://attacker.example/jwks.json',
      x5u: 'https://attacker.example/cert.pem',
      x5c: ['AAAA'],
      x5t: 'AAAA',
      crit: ['exp'],
      b64: false,
      cty: 'JWT',
      zip: 'DEF',
    })) {
      add(`header ${name}, signed by the attacker`, await forge({ ...header, [name]: value }, good(), byAttacker))
      add(`header ${name}, signed by us`, await forge({ ...header, [name]: value }, good()))
    }
    add('another typ', await forge({ ...header, typ: 'at+jwt' }, good()))
    add('the attacker’s key', await forge(header, good(), byAttacker))

    add('expired', await forge(header, { ...good(), iat: now - 1000, exp: now - 60 }))
    add('expired a second ago', await forge(header, { ...good(), iat: now - 100, exp: now - 1 }))
    add('without exp', await forge(header, { ...good(), exp: undefined }))
    add('exp as text', await forge(header, { ...good(), exp: String(now + 600) }))
    add('exp as a huge number', await forge(header, { ...good(), exp: 1e300 }))
    add('not yet valid', await forge(header, { ...good(), nbf: now + 120 }))
    add('issued in the future', await forge(header, { ...good(), iat: now + 120, exp: now + 600 }))
    add('without iat', await forge(header, { ...good(), iat: undefined }))
    add('older than any token of ours', await forge(header, { ...good(), iat: now - 3600, exp: now + 3600 }))
    const origin = String(claims.iss)
    for (const other of [
      'https://attacker.example',
      `${origin}/`,
      `${origin}.attacker.example`,
      '',
      null,
      [origin, 'x'],
    ]) {
      add(`issuer ${JSON.stringify(other)}`, await forge(header, { ...good(), iss: other }))
    }
    for (const other of ['https://attacker.example', `${origin}/`, '', null, ['x'], []]) {
      add(`audience ${JSON.stringify(other)}`, await forge(header, { ...good(), aud: other }))
    }

    const person = { email: 'attacker@example.com', password: 'correct horse battery', name: 'Eve' }
    const eve = await server.anyone.json<SignedIn>('POST', '/api/v1/auth/register', person)
    add('another person, old signature', `${header64}.${encode({ ...claims, sub: eve.user.id })}.${signature64}`)
    add('a higher role, old signature', `${header64}.${encode({ ...claims, role: 'owner', x: 1 })}.${signature64}`)
    add('somebody else’s session', await forge(header, { ...good(), sub: eve.user.id }))
    const foreign = newId()
    await server.platform.db
      .insertInto('workspaces')
      .values({ id: foreign, name: 'Foreign', createdAt: new Date() })
      .execute()
    add('another workspace', await forge(header, { ...good(), wid: foreign }))
    add('a workspace that is none', await forge(header, { ...good(), wid: newId() }))
    add('another workspace, old signature', `${header64}.${encode({ ...claims, wid: foreign })}.${signature64}`)
    add('a session that is none', await forge(header, { ...good(), sid: newId() }))
    for (const sid of ["' or 1=1 --", null, 7, [claims.sid], { $ne: null }]) {
      add(`session ${JSON.stringify(sid)}`, await forge(header, { ...good(), sid }))
    }

    const text = JSON.stringify(claims)
    add('sub twice, ours last', await forge(header, `{"sub":"${eve.user.id}",${text.slice(1)}`))
    add('sub twice, ours first', await forge(header, `${text.slice(0, -1)},"sub":"${eve.user.id}"}`))
    add('exp twice', await forge(header, `${text.slice(0, -1)},"exp":${now + 99}}`))
    add('wid twice, escaped', await forge(header, `${text.slice(0, -1)},"\\u0077id":"${foreign}"}`))
    add('alg twice', await forge(`{"alg":"none",${JSON.stringify(header).slice(1)}`, good()))
    add('kid twice', await forge(`${JSON.stringify(header).slice(0, -1)},"kid":"x"}`, good()))
    add('claims with spaces', await forge(header, JSON.stringify(claims, null, 1)))
    for (const other of ['[]', 'null', '7', '"x"', '', '{', 'x']) add(`claims ${other}`, await forge(header, other))
    for (const other of ['[]', 'null', '7', '""', '', '{']) add(`header ${other}`, await forge(other, good()))

    add('signature cut off', `${header64}.${claims64}.`)
    add('no signature part', `${header64}.${claims64}`)
    for (const length of [1, 2, 43, 84, 85]) {
      add(`signature of ${length} characters`, `${header64}.${claims64}.${signature64.slice(0, length)}`)
    }
    add('signature with more', `${token}AA`)
    add('signature with padding', `${token}==`)
    add('zero signature', `${header64}.${claims64}.${Buffer.alloc(64).toString('base64url')}`)
    // The last character carries four bits that no byte holds.
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const last = digits[digits.indexOf(token.at(-1)!) ^ 1]!
    add('spare bits of the signature', token.slice(0, -1) + last)
    const standard = token.replaceAll('-', '+').replaceAll('_', '/')
    if (standard !== token) add('standard base64', standard)
    for (let index = 0; index < signature64.length; index += 9) {
      const other = signature64[index] === 'A' ? 'B' : 'A'
      add(
        `signature changed at ${index}`,
        `${header64}.${claims64}.${signature64.slice(0, index)}${other}${signature64.slice(index + 1)}`,
      )
    }
    add('five parts', `${header64}.${encode('')}.${claims64}.${claims64}.${signature64}`)
    add('a JWS in JSON', JSON.stringify({ protected: header64, payload: claims64, signature: signature64 }))
    add('two tokens', `${token}.${token}`)
    add('an empty token', '..')

    const same = {
      status: 401,
      code: 'unauthenticated',
      title: 'Sign in first',
      type: 'urn:parley:problem:unauthenticated',
    }
    const detail = (await ask('x')).detail
    expect(detail).toMatch(/Sign in/)
    for (const [name, attack] of Object.entries(attacks)) {
      const { requestId: _, ...problem } = await ask(attack)
      expect([name, problem]).toEqual([name, { ...same, detail }])
    }
    expect(Object.keys(attacks).length).toBeGreaterThan(150)
    expect(await ask(token)).toMatchObject({ status: 200 })
  })

  test('a token of a workspace the person is not in does not lead there by a header', async () => {
    const token = await logIn()
    expect(await ask(token, { 'parley-workspace': newId() })).toMatchObject({ status: 404, code: 'not_found' })
  })
})

describe('the public keys', () => {
  test('verify a token offline, and are served to be kept for a while', async () => {
    const token = await logIn()
    const { response, keys } = await published()
    expect(response.headers.get('cache-control')).toBe('public, max-age=300')
    expect(response.headers.get('access-control-allow-origin')).toBe('*')
    expect(response.headers.get('content-type')).toMatch(/^application\/json/)
    expect(JSON.stringify(keys)).not.toContain('"d"')
    const known = await server.anyone.fetch('/.well-known/jwks.json', {
      headers: { 'if-none-match': response.headers.get('etag')! },
    })
    expect([known.status, await known.text()]).toEqual([304, ''])

    const { publicUrl } = server.platform.config.http
    const remote = createRemoteJWKSet(new URL('/.well-known/jwks.json', server.url))
    const { payload } = await jwtVerify(token, remote, {
      issuer: publicUrl,
      audience: publicUrl,
      algorithms: ['EdDSA'],
    })
    expect(payload).toMatchObject({
      sub: server.owner.signedIn.user.id,
      wid: server.owner.signedIn.user.workspace.id,
      role: 'owner',
    })
  })

  test('are stored sealed', async () => {
    await logIn()
    const rows = await server.platform.db.selectFrom('tokenKeys').selectAll().execute()
    expect(rows.length).toBeGreaterThan(0)
    expect(JSON.stringify(rows)).not.toContain('PRIVATE KEY')
    for (const { sealedPrivateKey } of rows) expect(sealedPrivateKey).toMatch(/^v1\./)
  })
})

/** Another process on the same database: it knows what it has read, and hears nothing. */
function replica(): Platform {
  const { platform } = server
  return { ...platform, database: { ...platform.database }, bus: { publish: () => {}, subscribe: () => () => {} } }
}

describe('rotation', () => {
  const kidOf = (token: string) => decodeProtectedHeader(token).kid

  test('publishes the new key before it signs; another process knows it in time; old tokens stay good to their end', async () => {
    const other = replica()
    const before = await logIn()
    expect(await readAccessToken(other, before)).toBeDefined()
    const { id: next } = await rotateTokenKeys(server.platform, { atOnce: false })
    const { ids } = await published()
    expect(ids).toEqual([next, kidOf(before)])
    expect(kidOf(await logIn())).toBe(kidOf(before))

    // Whoever keeps the list as long as it says has the new key before the first token of it is made.
    const kept = createLocalJWKSet({ keys: (await published()).keys })
    at(10 * 60_000 - 1_000)
    expect(kidOf(await logIn())).toBe(kidOf(before))
    const last = await logIn()
    at(10 * 60_000 + 1_000)
    const after = await logIn()
    expect(kidOf(after)).toBe(next)
    const { publicUrl } = server.platform.config.http
    const currentDate = server.platform.clock.now()
    await jwtVerify(after, kept, { issuer: publicUrl, audience: publicUrl, currentDate })
    other.clock = server.platform.clock
    expect(await readAccessToken(other, after)).toBeDefined()
    expect(await readAccessToken(other, last)).toBeDefined()

    at(24 * 60_000)
    expect(await ask(last)).toMatchObject({ status: 200 })
    at(27 * 60_000)
    expect((await published()).ids).toEqual([next])
    expect(await ask(last)).toMatchObject({ status: 401 })
  })

  test('a process that meets a key it has not read yet reads it, and not again and again for keys that are none', async () => {
    const other = replica()
    at(0)
    expect(await readAccessToken(other, await logIn())).toBeDefined()
    await rotateTokenKeys(server.platform, { atOnce: true })
    const token = await logIn()
    other.clock = { now: () => new Date(Date.now() + 3_000) }
    expect(await readAccessToken(other, token)).toBeDefined()
    let reads = 0
    const { db } = other
    other.db = new Proxy(db, {
      get(target, name) {
        if (name === 'selectFrom') reads++
        return Reflect.get(target, name, target)
      },
    })
    other.clock = { now: () => new Date(Date.now() + 3_000) }
    const unknown = `${encode({ alg: 'EdDSA', typ: 'JWT', kid: 'unknown' })}.${token.split('.').slice(1).join('.')}`
    for (let index = 0; index < 50; index++) expect(await readAccessToken(other, unknown)).toBeUndefined()
    expect(reads).toBeLessThanOrEqual(1)
  })

  test('at once ends the old keys and their tokens', async () => {
    const before = await logIn()
    expect(await ask(before)).toMatchObject({ status: 200 })
    const { id } = await rotateTokenKeys(server.platform, { atOnce: true })
    at(5_001) // what was accepted is remembered for five seconds
    expect(await ask(before)).toMatchObject({ status: 401 })
    expect((await published()).ids).toEqual([id])
    expect(kidOf(await logIn())).toBe(id)
  })

  test('comes by itself when the newest is a month old, once', async () => {
    const { id } = await rotateTokenKeys(server.platform, { atOnce: true })
    at(29 * day)
    await rotateOldTokenKeys(server.platform)
    expect((await published()).ids).toEqual([id])
    at(31 * day)
    await rotateOldTokenKeys(server.platform)
    await rotateOldTokenKeys(server.platform)
    const { ids } = await published()
    expect(ids).toHaveLength(2)
    expect(ids[1]).toBe(id)
  })

  test('of several processes that start on an empty table, one makes the key', async () => {
    await server.platform.db.deleteFrom('tokenKeys').execute()
    const others = [replica(), replica(), replica()]
    const signing = await Promise.all(others.map((other) => tokenKeys(other).signing(other)))
    expect(new Set(signing.map(({ id }) => id)).size).toBe(1)
    expect(await server.platform.db.selectFrom('tokenKeys').select('id').execute()).toHaveLength(1)
  })

  test('a key that does not open any more, since the master key is another, is replaced', async () => {
    const [row] = await server.platform.db.selectFrom('tokenKeys').selectAll().execute()
    await server.platform.db.updateTable('tokenKeys').set({ sealedPrivateKey: 'v1.00000000.AAAA' }).execute()
    tokenKeys(server.platform).forget()
    const token = await logIn()
    expect(kidOf(token)).not.toBe(row!.id)
    expect(await ask(token)).toMatchObject({ status: 200 })
  })
})
