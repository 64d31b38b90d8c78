import { expect } from 'vitest'
import { newId } from '../platform/crypto/index.ts'
import { eventually } from './eventually.ts'
import type { Caller, TestServer } from './start-server.ts'

/** Ids of things, by the path segment before them: `/api/v1/conversations/{id}`. */
export type Things = Record<string, string>

/** What a person has of their own: a conversation with a finished run, a file and a large result in it, a preset, an API key. */
export async function fillForPerson(server: TestServer, person: Caller): Promise<Things> {
  const me = await person.json<{ id: string; workspace: { id: string } }>('GET', '/api/v1/me')
  const form = new FormData()
  form.append('file', new Blob(['some text']), 'some.txt')
  const file = (await (await person.fetch('/api/v1/files', { method: 'POST', body: form })).json()) as { id: string }
  const conversation = await person.json<{ id: string }>('POST', '/api/v1/conversations', {})
  const content = [
    { type: 'text', text: 'How do I connect a model?' },
    { type: 'file', fileId: file.id },
  ]
  const message = await person.json<{ id: string; runId: string }>(
    'POST',
    `/api/v1/conversations/${conversation.id}/messages`,
    { content },
    { prefer: 'wait' },
  )
  const resultId = newId()
  await server.platform.db
    .insertInto('toolResults')
    .values({
      id: resultId,
      workspaceId: me.workspace.id,
      ownerId: me.id,
      conversationId: conversation.id,
      tool: 'echo',
      characters: 4,
      pages: JSON.stringify(['text']),
      createdAt: new Date(),
    })
    .execute()
  const accountId = newId()
  await server.platform.db
    .insertInto('connectedAccounts')
    .values({
      id: accountId,
      userId: me.id,
      issuer: 'https://id.example.com',
      subject: accountId,
      kind: 'oidc',
      providerId: 'oidc',
      providerName: 'Elsewhere',
      label: 'someone',
      createdAt: new Date(),
      lastUsedAt: new Date(),
    })
    .execute()
  const preset = await person.json<{ id: string }>('POST', '/api/v1/presets', { name: 'A preset' })
  const key = await person.json<{ id: string }>('POST', '/api/v1/api-keys', { name: 'A key' })
  const sessions = await person.json<{ data: { id: string }[] }>('GET', '/api/v1/me/sessions')
  return {
    sessions: sessions.data[0]!.id,
    passkeys: await addPasskey(server, me.id),
    people: me.id,
    conversations: conversation.id,
    presets: preset.id,
    messages: message.id,
    runs: message.runId,
    files: file.id,
    'tool-results': resultId,
    'api-keys': key.id,
    'connected-accounts': accountId,
  }
}

/** A passkey, and sessions that have shown it. */
async function addPasskey(server: TestServer, userId: string): Promise<string> {
  const { db } = server.platform
  const id = newId()
  await db
    .insertInto('passkeys')
    .values({
      ...{ id, userId, name: 'A passkey', credentialId: id, publicKey: '', counter: 0, transports: '[]' },
      ...{ synced: false, aaguid: '', createdAt: new Date(), lastUsedAt: null, blockedAt: null },
    })
    .execute()
  await db.updateTable('sessions').set({ secondFactorAt: new Date() }).where('userId', '=', userId).execute()
  return id
}

/**
 * What a workspace has for all: a provider, an MCP server with its tool `echo`, a custom role, a group with its maker in
 * it, a service account, a budget, an invoice, a limit, an invitation, grants, a token of a directory, a site, and somebody whom that waits
 * for. `mcpUrl`: of an MCP server that runs.
 */
export async function fillWorkspace(server: TestServer, manager: Caller, mcpUrl: string): Promise<Things> {
  const post = <T = { id: string }>(path: string, body: unknown) => manager.json<T>('POST', `/api/v1/${path}`, body)
  const me = await manager.json<{ id: string }>('GET', '/api/v1/me')
  const [provider, signInProvider, mcpServer, role, group, account] = [
    await post('model-providers', {
      name: 'Nobody there',
      protocol: 'openai',
      baseUrl: `${server.url}/nothing-here`,
      force: true,
    }),
    await post('sign-in-providers', {
      kind: 'oidc',
      name: 'Nobody there',
      issuer: `${server.url}/nothing-here`,
      clientId: 'parley',
      force: true,
    }),
    await post('mcp-servers', { name: 'Fixture', transport: 'http', url: mcpUrl }),
    await post('roles', { name: 'Readers', scopes: ['conversations:read'] }),
    await post('groups', { name: 'Friends' }),
    await post('service-accounts', { name: 'Robot', role: 'member' }),
  ]
  await manager.json('PUT', `/api/v1/groups/${group.id}/members/${me.id}`)
  const webOrigin = await post('web-origins', { origin: 'https://app.example.com' })
  const token = await post('scim-tokens', { name: 'Directory' })
  await eventually(async () => {
    const tools = await manager.json<{ data: unknown[] }>('GET', `/api/v1/mcp-servers/${mcpServer.id}/tools`)
    expect(tools.data).not.toEqual([])
  })
  const serverGrant = await manager.json<{ id: string }>('PUT', `/api/v1/mcp-servers/${mcpServer.id}/grants`, {
    subject: { kind: 'group', id: group.id },
    level: 'use',
  })
  const all = { scope: 'workspace', unit: 'tokens', amount: 1_000_000_000, window: 'day' }
  const budget = await post('budgets', { name: 'Team', ...all })
  const invitation = await post('invitations', { role: 'viewer' })
  const limit = { subject: { kind: 'group', id: group.id }, requestsPerHour: 900 }
  const override = await manager.json<{ id: string }>('PUT', '/api/v1/limit-overrides', limit)
  return {
    invoices: await makeInvoice(server, manager),
    budgets: budget.id,
    'limit-overrides': override.id,
    'model-providers': provider.id,
    'sign-in-providers': signInProvider.id,
    providers: signInProvider.id,
    'mcp-servers': mcpServer.id,
    tools: 'echo',
    roles: role.id,
    groups: group.id,
    'service-accounts': account.id,
    members: me.id,
    people: me.id,
    invitations: invitation.id,
    'mcp-servers grants': serverGrant.id,
    'scim-tokens': token.id,
    'web-origins': webOrigin.id,
    'provisioned-people': await makeWaiting(server, manager),
  }
}

/** An invoice of a month long ago. */
export async function makeInvoice({ platform: { db } }: TestServer, manager: Caller): Promise<string> {
  const { workspace } = await manager.json<{ workspace: { id: string; name: string } }>('GET', '/api/v1/me')
  const { last } = await db
    .selectFrom('invoices')
    .select(({ fn }) => fn.max('number').as('last'))
    .executeTakeFirstOrThrow()
  const id = newId()
  await db
    .insertInto('invoices')
    .values({
      ...{ id, number: (last ?? 0) + 1, workspaceId: workspace.id, workspaceName: workspace.name, issuer: 'Us' },
      ...{ month: '2020-01', timeZone: 'UTC', lines: '[]', totalMicroUsd: 0, usageCostMicroUsd: 0 },
      periodStart: new Date('2020-01-01'),
      periodEnd: new Date('2020-02-01'),
      issuedAt: new Date('2020-02-01'),
    })
    .execute()
  return id
}

/** Somebody with an account who has not agreed yet to be in the workspace. */
async function makeWaiting({ platform: { db } }: TestServer, manager: Caller): Promise<string> {
  const { workspace } = await manager.json<{ workspace: { id: string } }>('GET', '/api/v1/me')
  const now = new Date()
  const userId = newId()
  const userName = `${userId}@example.com`
  await db
    .insertInto('users')
    .values({ id: userId, email: userName, name: 'Wanda Waiting', passwordHash: null, createdAt: now, updatedAt: now })
    .execute()
  await db
    .insertInto('scimUsers')
    .values({
      workspaceId: workspace.id,
      userId,
      userName,
      externalId: null,
      active: true,
      acceptedAt: null,
      declinedAt: null,
      offerHash: null,
      offeredAt: null,
      attributes: '{}',
      heldRole: 'member',
      heldRoleId: null,
      heldGroups: '[]',
      createdAt: now,
      updatedAt: now,
    })
    .execute()
  return userId
}

/** Kinds of things that a person shares with others. */
export const sharedKinds = ['conversations', 'presets'] as const

/** Shares what a person has with a group; answers the grants under the names that `pathWith` looks for. */
export async function shareWithGroup(owner: Caller, things: Things, groupId: string): Promise<Things> {
  const grants: Things = {}
  for (const kind of sharedKinds) {
    const path = `/api/v1/${kind}/${things[kind]}/grants`
    const body = { subject: { kind: 'group', id: groupId }, level: 'view' }
    grants[`${kind} grants`] = (await owner.json<{ id: string }>('PUT', path, body)).id
  }
  return grants
}

/**
 * The path of an endpoint with the id of a thing in the place of each parameter. Of things that are there in several
 * places, the one below the first segment counts: `conversations grants`.
 */
export function pathWith(pattern: string, things: Things): string {
  const first = /^\/api\/v1\/([\w-]+)/.exec(pattern)?.[1] ?? ''
  return pattern.replaceAll(/([\w-]+)\/\{\w+\}/g, (_, kind: string) => {
    const id = things[`${first} ${kind}`] ?? things[kind]
    if (id === undefined) throw new Error(`fill-workspace.ts makes no ${kind}, as in ${pattern}: make one there`)
    return `${kind}/${id}`
  })
}

/** Kinds of the things in the path of an endpoint, in order, as `pathWith` looks for them. */
export function kindsIn(pattern: string, things: Things): string[] {
  const first = /^\/api\/v1\/([\w-]+)/.exec(pattern)?.[1] ?? ''
  return [...pattern.matchAll(/([\w-]+)\/\{\w+\}/g)].map(([, kind]) =>
    `${first} ${kind}` in things ? `${first} ${kind}` : kind!,
  )
}
