import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AuditEntry, AuditReport, CreatedApiKey, Page, Provider, WorkspaceRole } from '@parley/contract'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { audit } from '../../platform/audit/index.ts'
import { inTransaction } from '../../platform/context.ts'
import { type Caller, callerFor, startServer, type TestServer } from '../../testing/start-server.ts'
import { pruneAudit } from './index.ts'

const dayMs = 24 * 60 * 60_000
const cli = fileURLToPath(new URL('../../cli.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'parley-audit-'))

let server: TestServer
let owner: TestServer['owner']
let workspaceId: string

beforeAll(async () => {
  server = await startServer({ env: { PARLEY_EGRESS_ALLOW: '127.0.0.1', PARLEY_SIGNUP: 'open' } })
  owner = server.owner
  workspaceId = owner.signedIn.user.workspace.id
})
afterAll(async () => {
  await server?.close()
  rmSync(folder, { recursive: true, force: true })
})

const list = async (search: Record<string, string> = {}, caller: Caller = owner): Promise<AuditEntry[]> =>
  (await caller.json<Page<AuditEntry>>('GET', `/api/v1/audit?${new URLSearchParams({ limit: '200', ...search })}`)).data

const verify = (chain = 'workspace') => owner.json<AuditReport>('POST', `/api/v1/audit/verify?chain=${chain}`)

async function exportLines(search: Record<string, string> = {}): Promise<string[]> {
  const response = await owner.fetch(`/api/v1/audit/export?${new URLSearchParams(search)}`)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('application/x-ndjson')
  return (await response.text()).split('\n').filter((line) => line !== '')
}

async function signUp(name: string): Promise<Caller & { id: string; email: string }> {
  const email = `${name}@example.com`
  const body = { email, password: owner.password, name }
  const { accessToken, user } = await server.anyone.json<{ accessToken: string; user: { id: string } }>(
    'POST',
    '/api/v1/auth/register',
    body,
  )
  return { ...callerFor(server.url, { authorization: `Bearer ${accessToken}` }), id: user.id, email }
}

describe('P15: who did what, from where, and what was before and after', () => {
  test('setting the server up and signing in are the first entries', async () => {
    const entries = (await list()).toReversed()
    expect(entries.slice(0, 3).map(({ sequence, action }) => [sequence, action])).toEqual([
      [1, 'member.added'],
      [2, 'workspace.created'],
      [3, 'session.started'],
    ])
    const started = entries[2]!
    expect(started).toMatchObject({
      title: 'Signed in',
      actorKind: 'session',
      actorId: owner.signedIn.user.id,
      actorName: 'Olivia Owner',
      actorEmail: owner.email,
      subjectLabel: 'Olivia Owner',
      address: '127.0.0.1',
      after: { method: 'link', secondFactor: false },
      outcome: 'done',
    })
    expect(started.userAgent).toBe('node')
    expect(started.requestId).toMatch(/^[0-9a-f-]{36}$/)
  })

  test('a wrong password is in the log of the account, an unknown address masked in that of the installation', async () => {
    for (const email of [owner.email, 'nobody@example.com']) {
      const response = await server.anyone.fetch('/api/v1/auth/login', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email, password: 'not the right password' }),
      })
      expect(response.status).toBe(401)
    }
    const [known] = await list({ action: 'session.refused' })
    expect(known).toMatchObject({ outcome: 'refused', subjectId: owner.signedIn.user.id, actorKind: 'anonymous' })
    const [unknown] = await list({ action: 'session.refused', chain: 'installation' })
    expect(unknown).toMatchObject({ subjectId: null, after: { email: 'n***@e***.com' } })
  })

  test('a change tells only what differs; what was refused is not there', async () => {
    const role = await owner.json<WorkspaceRole>('POST', '/api/v1/roles', { name: 'Help', scopes: ['files:read'] })
    await owner.json('PATCH', `/api/v1/roles/${role.id}`, { name: 'Support' })
    await expect(owner.json('PATCH', `/api/v1/roles/${role.id}`, { name: 'Owner' })).rejects.toThrow('name_taken')
    const entries = await list({ subjectId: role.id })
    expect(entries.map(({ action, before, after }) => ({ action, before, after }))).toEqual([
      { action: 'role.changed', before: { name: 'Help' }, after: { name: 'Support' } },
      { action: 'role.created', before: null, after: { name: 'Help', description: '', scopes: ['files:read'] } },
    ])
  })

  test('people, groups, keys, providers, tools, limits, sharing, deletions', async () => {
    const member = await signUp('mia')
    await owner.json('PUT', `/api/v1/roles/admin/members/${member.id}`)
    const group = await owner.json<{ id: string }>('POST', '/api/v1/groups', { name: 'Team' })
    await owner.json('PUT', `/api/v1/groups/${group.id}/members/${member.id}`)
    await owner.json('POST', '/api/v1/invitations', { email: 'new@example.com', role: 'member' })
    const key = await owner.json<CreatedApiKey>('POST', '/api/v1/api-keys', { name: 'CI' })
    await owner.json('DELETE', `/api/v1/api-keys/${key.id}`)
    const provider = await owner.json<Provider>('POST', '/api/v1/model-providers', {
      name: 'Ours',
      protocol: 'openai',
      baseUrl: `${server.url}/nothing-here`,
      apiKey: 'sk-very-secret-key-of-ours',
      force: true,
    })
    await owner.json('PATCH', `/api/v1/model-providers/${provider.id}`, {
      apiKey: 'sk-another-secret-key',
      force: true,
    })
    await owner.json('DELETE', `/api/v1/model-providers/${provider.id}`)
    await owner.json('POST', '/api/v1/budgets', {
      name: 'All',
      scope: 'workspace',
      unit: 'money',
      amount: 1_000_000,
      window: 'month',
    })
    const conversation = await owner.json<{ id: string }>('POST', '/api/v1/conversations', { title: 'Very private' })
    const subject = { kind: 'user', id: member.id }
    await owner.json('PUT', `/api/v1/conversations/${conversation.id}/grants`, { subject, level: 'view' })
    await owner.json('DELETE', `/api/v1/conversations/${conversation.id}`)
    await member.json('PATCH', '/api/v1/me', {
      name: 'Mia M.',
      currentPassword: owner.password,
      newPassword: 'another long password!',
    })
    await owner.json('DELETE', `/api/v1/people/${member.id}`)

    const entries = (await list()).toReversed()
    const from = entries.findIndex(({ action, subjectId }) => action === 'member.added' && subjectId === member.id)
    expect(entries.slice(from).map(({ action }) => action)).toEqual([
      'member.added',
      'session.started',
      'member.role-changed',
      'group.created',
      'group.member-added',
      'invitation.created',
      'api-key.created',
      'api-key.revoked',
      'provider.created',
      'provider.changed',
      'provider.deleted',
      'budget.created',
      'grant.saved',
      'conversation.deleted',
      'account.changed',
      'password.changed',
      'member.removed',
    ])
    expect(entries.find(({ action }) => action === 'provider.changed')?.after).toEqual({ credentialReplaced: true })
    expect(entries.find(({ action }) => action === 'account.changed')).toMatchObject({
      actorId: member.id,
      before: { name: 'mia' },
      after: { name: 'Mia M.' },
    })
    // The one who left is known by the name of the account.
    expect(entries.at(-1)).toMatchObject({ subjectLabel: 'Mia M.', before: { role: 'admin' } })
    // No secret, no title, no password: whatever was sent.
    const all = JSON.stringify(entries)
    for (const secret of [
      'sk-very-secret',
      'sk-another',
      key.key.slice(9),
      'Very private',
      'another long password',
      'argon2',
    ]) {
      expect(all).not.toContain(secret)
    }
    expect((await verify()).problems).toEqual([])
    expect((await verify('installation')).problems).toEqual([])
  })

  test('a directory acts by its token; how often it moves people is one entry', async () => {
    const { token, id } = await owner.json<{ token: string; id: string }>('POST', '/api/v1/scim-tokens', {
      name: 'Okta',
    })
    const directory = callerFor(server.url, {
      authorization: `Bearer ${token}`,
      'content-type': 'application/scim+json',
    })
    const scim = async (method: string, path: string, body: object) => {
      const response = await directory.fetch(`/scim/v2/${path}`, { method, body: JSON.stringify(body) })
      expect(response.status).toBeLessThan(300)
      return (await response.json()) as { id: string }
    }
    const user = 'urn:ietf:params:scim:schemas:core:2.0:User'
    const people = await Promise.all(
      ['ann', 'bob'].map((name) =>
        scim('POST', 'Users', {
          schemas: [user],
          userName: `${name}@corp.example`,
          displayName: name,
          emails: [{ value: `${name}@corp.example` }],
        }),
      ),
    )
    const group = await scim('POST', 'Groups', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
      displayName: 'Everyone',
    })
    const patch = (Operations: object[]) => ({ schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations })
    const members = people.map((person) => ({ value: person.id }))
    await scim('PATCH', `Groups/${group.id}`, patch([{ op: 'add', path: 'members', value: members }]))
    await scim('PATCH', `Users/${people[0]!.id}`, patch([{ op: 'replace', value: { active: false } }]))
    const entries = (await list({ actorId: id })).toReversed()
    expect(entries.map(({ action }) => action)).toEqual([
      'member.added',
      'member.added',
      'group.created',
      'group.changed',
      'member.suspended',
    ])
    expect(entries.every(({ actorKind, address }) => actorKind === 'directory' && address === '127.0.0.1')).toBe(true)
    expect((entries[3]!.after!.added as string[]).toSorted()).toEqual(people.map((person) => person.id).toSorted())
    expect(JSON.stringify(await list())).not.toContain(token)
  })

  test('only those with the permission read it, each their own workspace’s; the installation’s only the operator', async () => {
    const other = await signUp('otto')
    expect((await other.fetch('/api/v1/audit')).status).toBe(403)
    await owner.json('PUT', `/api/v1/roles/admin/members/${other.id}`)
    expect((await list({}, other)).length).toBeGreaterThan(3)
    expect((await other.fetch('/api/v1/audit?chain=installation')).status).toBe(403)
    const second = await owner.json<{ id: string }>('POST', '/api/v1/workspaces', { name: 'Second' })
    const here = await list()
    expect(here.some(({ subjectId }) => subjectId === second.id)).toBe(false)
    expect((await owner.fetch('/api/v1/audit?limit=3&cursor=nonsense')).status).toBe(400)
  })

  test('pages and filters', async () => {
    const first = await owner.json<Page<AuditEntry>>('GET', '/api/v1/audit?limit=2')
    const next = await owner.json<Page<AuditEntry>>('GET', `/api/v1/audit?limit=2&cursor=${first.nextCursor}`)
    expect(next.data[0]!.sequence).toBe(first.data[1]!.sequence - 1)
    expect((await list({ outcome: 'refused' })).every(({ outcome }) => outcome === 'refused')).toBe(true)
    const [, , third] = (await list()).toReversed()
    expect((await list({ to: third!.at })).length).toBeGreaterThanOrEqual(1)
    expect(await list({ from: '2999-01-01T00:00:00.000Z' })).toEqual([])
    // Reading is in it once, however often it is read.
    expect(await list({ action: 'audit.read' })).toHaveLength(1 + 1) // the owner, and Otto
  })
})

describe('P15: parley audit verify', () => {
  const run = (...args: string[]) => {
    const { DATABASE_URL: _, ...environment } = process.env
    const env = { ...environment, PARLEY_DATA_DIR: server.platform.config.dataDir }
    return new Promise<{ code: number; out: string }>((resolve) => {
      execFile(process.execPath, [cli, 'audit', 'verify', ...args], { cwd: folder, env }, (error, stdout, stderr) =>
        resolve({ code: (error?.code as number | undefined) ?? 0, out: stdout + stderr }),
      )
    })
  }
  const save = (lines: string[]) => {
    const path = join(folder, 'export.jsonl')
    writeFileSync(path, `${lines.join('\n')}\n`)
    return path
  }

  test('an exported file is verified offline, and each tampering is named', { timeout: 180_000 }, async () => {
    const lines = await exportLines()
    const whole = await run('--file', save(lines))
    expect(whole).toMatchObject({ code: 0, out: expect.stringContaining('nothing is wrong') })
    const { anchor } = JSON.parse(lines.at(-1)!) as { anchor: string }

    const changed = await run('--file', save(lines.with(2, lines[2]!.replace('"done"', '"refused"'))))
    expect(changed.code).toBe(1)
    expect(changed.out).toMatch(/changed {2}entry 2 \(/)
    const gone = await run('--file', save(lines.toSpliced(4, 1)))
    expect(gone.code).toBe(1)
    expect(gone.out).toContain('missing  entry 4: Entry 4 is gone.')
    const swapped = await run('--file', save(lines.with(3, lines[4]!).with(4, lines[3]!)))
    expect(swapped.code).toBe(1)
    expect(swapped.out).toContain('moved  entry 3')
    const footer = JSON.parse(lines.at(-1)!) as object
    const last = JSON.parse(lines.at(-4)!) as { sequence: number; hash: string }
    const cut = [
      ...lines.slice(0, -3),
      JSON.stringify({ ...footer, anchor: null, entries: lines.length - 4, end: last }),
    ]
    expect((await run('--file', save(cut))).code).toBe(0) // by itself it cannot tell
    const anchored = await run('--file', save(cut), '--anchor', anchor)
    expect(anchored.code).toBe(1)
    expect(anchored.out).toContain('truncated')
    expect((await run('--file', save(lines.slice(0, -1)))).out).toContain('it was cut off')
    expect((await run('--file', save(['{}']))).code).toBe(1)
    expect((await run('--anchor', 'nonsense')).out).toContain('is no anchor')
  })

  test('an excerpt says that it is one', async () => {
    const lines = await exportLines({ action: 'session.started' })
    expect(JSON.parse(lines[0]!)).toMatchObject({ sieved: true })
    const { code, out } = await run('--file', save(lines))
    expect(code).toBe(0)
    expect(out).toContain('It is an excerpt')
    const json = await run('--json', '--file', save(lines))
    expect(JSON.parse(json.out)).toMatchObject({ ok: true, sealsChecked: true })
  })
})

describe('P15: what is done to the database behind the server’s back', () => {
  const at = (sequence: number) => sql`where "chain" = ${workspaceId} and "sequence" = ${sequence}`

  /** Does something to the table, looks at what the verifier says, and undoes it. */
  async function after(statement: ReturnType<typeof sql>): Promise<string[]> {
    await sql`create table "auditBackup" as table "auditEntries"`.execute(server.platform.db)
    try {
      await statement.execute(server.platform.db)
      return (await verify()).problems.map(({ kind, sequence }) => `${kind} ${sequence}`)
    } finally {
      await sql`delete from "auditEntries"`.execute(server.platform.db)
      await sql`insert into "auditEntries" table "auditBackup"`.execute(server.platform.db)
      await sql`drop table "auditBackup"`.execute(server.platform.db)
    }
  }

  test.each([
    ['action', sql`'role.deleted'`],
    ['at', sql`"at" + interval '1 millisecond'`],
    ['actorId', sql`'somebody else'`],
    ['before', sql`'{"name": "x"}'`],
    ['address', sql`'203.0.113.1'`],
    ['subjectName', sql`'x'`],
    ['hash', sql`repeat('0', 64)`],
  ])('a changed %s', async (column, value) => {
    expect(await after(sql`update "auditEntries" set ${sql.ref(column)} = ${value} ${at(5)}`)).toEqual(['changed 5'])
  })

  test('removed, reordered and invented rows', async () => {
    expect(await after(sql`delete from "auditEntries" ${at(6)}`)).toEqual(['missing 6'])
    const { sequence } = (await list())[0]!
    expect(await after(sql`delete from "auditEntries" ${at(sequence)}`)).toEqual([`truncated ${sequence}`])
    const exchange = sql`update "auditEntries" set "sequence" = -"sequence" where "chain" = ${workspaceId} and "sequence" = 4`
    expect(await after(exchange)).toContain('missing 4')
    const invented = sql`insert into "auditEntries"
      select "chain", 100000, "id", "at", "action", "outcome", "actorKind", "actorId", "credentialId", "subjectKind",
        "subjectId", "subjectName", "before", "after", "address", "userAgent", "requestId", "keyId", "previousHash", "hash", "seal"
      from "auditEntries" ${at(3)}`
    expect(await after(invented)).toEqual(['changed 100000', 'added 100000'])
    expect((await verify()).problems).toEqual([])
  })
})

describe('the log is written with the act', () => {
  test('what is undone leaves no entry, and no gap', async () => {
    const { sequence } = (await list())[0]!
    const undone = inTransaction(server.platform, async (tx) => {
      await audit(tx, { action: 'audit.read', subject: { kind: 'test' }, workspaces: [workspaceId] })
      throw new Error('undone')
    })
    await expect(undone).rejects.toThrow('undone')
    expect((await list())[0]!.sequence).toBe(sequence)
  })

  test('texts that a database cannot hold, secrets in addresses and long ones are made fit', async () => {
    const after = {
      name: `nul\0 \ud800 ${'x'.repeat(900)}`,
      baseUrl: 'https://user:password@example.com/v1',
      hasKey: Number.NaN,
    }
    const subject = { kind: 'provider', id: 'x', name: 'nul\0' }
    await audit(server.platform, { action: 'provider.created', subject, after, workspaces: [workspaceId] })
    const [entry] = await list({ action: 'provider.created' })
    expect(entry).toMatchObject({ subjectName: 'nul', after: { baseUrl: 'https://…@example.com/v1', hasKey: null } })
    expect((entry!.after!.name as string).length).toBe(500)
    expect((await verify()).problems).toEqual([])
  })
})

describe('retention', () => {
  test('old entries go from the front, and verifying goes on from a seal', async () => {
    await expect(owner.json('PATCH', '/api/v1/audit/settings', { retentionDays: 1 })).rejects.toThrow('400')
    await owner.json('PATCH', '/api/v1/audit/settings', { retentionDays: 30 })
    const [changed] = await list({ action: 'audit.settings-changed' })
    expect(changed).toMatchObject({ before: { retentionDays: 400 }, after: { retentionDays: 30 } })
    const count = changed!.sequence
    const later = { ...server.platform, clock: { now: () => new Date(Date.now() + 31 * dayMs) } }
    await audit(later, { action: 'audit.read', subject: { kind: 'test' }, workspaces: [workspaceId] })
    await pruneAudit(later)
    const rest = (await list()).toReversed()
    expect(rest[0]!.sequence).toBe(count + 1)
    expect(rest[1]).toMatchObject({ action: 'audit.pruned', after: { through: count, count, retentionDays: 30 } })
    expect(await verify()).toMatchObject({ ok: true, firstSequence: count + 1 })

    // Who removes more than the server did, is found out.
    const { db } = server.platform
    await sql`update "auditChains" set "checkpointSequence" = "checkpointSequence" + 1,
      "checkpointHash" = (select "hash" from "auditEntries" where "chain" = ${workspaceId} and "sequence" = ${count + 1})
      where "chain" = ${workspaceId}`.execute(db)
    await sql`delete from "auditEntries" where "chain" = ${workspaceId} and "sequence" = ${count + 1}`.execute(db)
    expect((await verify()).problems.map(({ kind, sequence }) => `${kind} ${sequence}`)).toEqual([
      `forged ${count + 1}`,
    ])
  })
})
