import { type AuditAction, type Endpoint, endpoints } from '@parley/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { audited } from './testing/audit-table.ts'
import { goodBody } from './testing/bad-bodies.ts'
import { fillForPerson, fillWorkspace, pathWith, shareWithGroup, type Things } from './testing/fill-workspace.ts'
import { type HttpFixture, startHttpFixture } from './testing/mcp-fixture.ts'
import { startServer, type TestServer } from './testing/start-server.ts'

const every = Object.entries(endpoints) as [keyof typeof endpoints, Endpoint][]

/** These end what the walk goes on with. */
const apart = ['logout', 'leaveWorkspace', 'switchWorkspace', 'revokeSession', 'revokeOtherSessions']

/** Succeed without anything to write: there was nothing to do. */
const mayBeSilent = ['reportLeakedKeys', 'updateMe']

/** What has to have succeeded, or the walk shows little. */
const expected: (keyof typeof endpoints)[] = [
  'createRole',
  'updateRole',
  'deleteRole',
  'createGroup',
  'updateGroup',
  'addGroupMember',
  'removeGroupMember',
  'deleteGroup',
  'createApiKey',
  'updateApiKey',
  'rotateApiKey',
  'revokeApiKey',
  'createServiceAccount',
  'updateServiceAccount',
  'deleteServiceAccount',
  'createScimToken',
  'rotateScimToken',
  'revokeScimToken',
  'createInvitation',
  'revokeInvitation',
  'createWorkspace',
  'renameWorkspace',
  'setSecondFactorPolicy',
  'updateSignInSettings',
  'updateSignInProvider',
  'deleteSignInProvider',
  'putMcpServerGrant',
  'setMcpServerAudience',
  'updateMcpServer',
  'setToolPolicy',
  'callTool',
  'deleteMcpServer',
  'updateProvider',
  'deleteProvider',
  'setPrivacy',
  'addWebOrigin',
  'setOutbound',
  'updatePlan',
  'setLimitOverride',
  'deleteLimitOverride',
  'createBudget',
  'updateBudget',
  'deleteBudget',
  'updateUsageSettings',
  'listUsageEntries',
  'exportUsage',
  'createPreset',
  'updatePreset',
  'deletePreset',
  'deleteConversation',
  'exportAudit',
  'updateAuditSettings',
]

let fixture: HttpFixture
let server: TestServer
let own: Things

beforeAll(async () => {
  fixture = await startHttpFixture()
  server = await startServer({ env: { PARLEY_EGRESS_ALLOW: '127.0.0.1', PARLEY_SIGNUP: 'open' } })
  const { owner } = server
  const things = { ...(await fillForPerson(server, owner)), ...(await fillWorkspace(server, owner, fixture.url)) }
  const grants = await shareWithGroup(owner, things, things.groups!)
  own = { ...things, ...grants, plans: 'pro', 'workspace-plans': owner.signedIn.user.workspace.id }
})
afterAll(async () => {
  await server?.close()
  await fixture?.close()
})

/** Where the example of the schema is not enough. */
const bodies = (): Partial<Record<keyof typeof endpoints, unknown>> => ({
  createRole: { name: 'Walkers', scopes: ['files:read'] },
  updateRole: { name: 'Other readers' },
  createGroup: { name: 'Walkers' },
  updateGroup: { name: 'Other friends' },
  createPreset: { name: 'Second' },
  createApiKey: { name: 'Walk', scopes: ['files:read'] },
  updateApiKey: { name: 'Walked' },
  rotateApiKey: { overlapSeconds: 0 },
  updateServiceAccount: { name: 'Walker' },
  createServiceAccount: { name: 'Second', role: 'member' },
  createInvitation: { role: 'viewer' },
  setSecondFactorPolicy: { required: false, graceDays: 0 },
  updateSignInSettings: { domains: ['example.com'] },
  updateSignInProvider: { name: 'Elsewhere' },
  putMcpServerGrant: { subject: { kind: 'group', id: own.groups }, level: 'use' },
  updateMcpServer: { name: 'Walked' },
  callTool: { arguments: { message: 'hello' } },
  addWebOrigin: { origin: 'https://walk.example.com' },
  setOutbound: { hosts: ['127.0.0.1'] },
  updateProvider: { name: 'Walked' },
  updatePlan: { requestsPerHour: 50, requestBurst: 50 },
  setLimitOverride: { subject: { kind: 'user', id: own.people }, requestsPerHour: 10, tokensPerDay: null },
  createBudget: { name: 'Walk', scope: 'workspace', unit: 'tokens', amount: 1_000_000, window: 'day' },
  updateBudget: { amount: 2_000_000 },
  updateUsageSettings: { timeZone: 'UTC' },
  updatePreset: { name: 'Walked' },
})

test('P15: what each endpoint does is in the log as the table says, and what it refuses is not', {
  timeout: 180_000,
}, async () => {
  const failures: string[] = []
  const succeeded = new Set<string>()
  const walked = every.filter(([name]) => audited[name] !== undefined && !apart.includes(name))
  // What is deleted is needed by the others.
  const order = ({ method, path }: Endpoint) =>
    (method === 'DELETE' ? 1 + path.split('/').length : 100) * (method === 'DELETE' ? -1 : -2)
  for (const [name, endpoint] of walked.toSorted(([, a], [, b]) => order(a) - order(b))) {
    const { method, path, body } = endpoint
    const sent = method === 'GET' || body === undefined ? undefined : (bodies()[name] ?? goodBody(body))
    const response = await server.owner.fetch(pathWith(path, own), {
      method,
      headers: sent === undefined ? {} : { 'content-type': 'application/json' },
      ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
    })
    const text = await response.text()
    const rows = await server.platform.db
      .selectFrom('auditEntries')
      .select(['action', 'outcome', 'before', 'after', 'actorId', 'address'])
      .where('requestId', '=', response.headers.get('x-request-id'))
      .execute()
    const allowed = audited[name]!
    const actions = rows.map(({ action }) => action as AuditAction)
    const said = `${name} (${response.status} ${response.ok ? '' : text.slice(0, 160)}): ${actions.join(', ') || 'nothing'}`
    if (!response.ok) {
      if (rows.some(({ outcome }) => outcome !== 'refused')) failures.push(said)
      continue
    }
    succeeded.add(name)
    const isListed =
      typeof allowed === 'string' ? rows.length === 0 : actions.every((action) => allowed.includes(action))
    const isSilent = typeof allowed !== 'string' && rows.length === 0 && !mayBeSilent.includes(name)
    if (!isListed || isSilent) failures.push(said)
    if (rows.some(({ address }) => address !== '127.0.0.1')) failures.push(`${said}: from nowhere`)
    // Nothing that was shown once, and nothing sealed.
    if (/whsec_|mcp_[0-9A-Za-z]{20}|scim_[\w-]{20}|"v1\.[0-9a-f]{8}\./.test(JSON.stringify(rows)))
      failures.push(`${said}: a secret`)
  }
  expect(failures).toEqual([])
  expect(expected.filter((name) => !succeeded.has(name))).toEqual([])
})
