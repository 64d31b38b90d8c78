import { validateHeaderName, validateHeaderValue } from 'node:http'
import type { BodyOf, endpoints } from '@parley/contract'
import { audit } from '../../platform/audit/index.ts'
import { type Ctx, inTransaction } from '../../platform/context.ts'
import { newId } from '../../platform/crypto/index.ts'
import { AppError, messageOf } from '../../platform/errors.ts'
import { checkAddress } from '../outbound/index.ts'
import { deleteShares } from '../sharing/index.ts'
import { requireOwner } from './access.ts'
import { slugOf } from './name-tools.ts'
import { reachesTool } from './reach.ts'
import { listServers, openServer, sealedFor, storedServer } from './servers.ts'
import { deleteMcpServer, insertMcpServer, updateMcpServer } from './store.ts'
import type { ServerSpec } from './types.ts'

const maxServers = 50

/**
 * Adds an MCP server to the actor's workspace. `check` has to be `checkServer`'s work, done before the transaction.
 * @throws AppError forbidden (stdio, for anyone but owners), egress_refused, invalid_request, conflict
 */
export async function addServer(tx: Ctx, input: BodyOf<typeof endpoints.createMcpServer>): Promise<ServerSpec> {
  const servers = await listServers(tx)
  if (servers.filter(({ source }) => source === 'workspace').length >= maxServers) {
    throw new AppError('conflict', `A workspace can have ${maxServers} MCP servers. Remove one first.`)
  }
  const id = newId()
  const secrets = input.transport === 'stdio' ? input.env : input.headers
  const row = await insertMcpServer(tx, {
    id,
    slug: freeSlug(slugOf(input.name), new Set(['parley', ...servers.map(({ slug }) => slug)])),
    name: input.name,
    transport: input.transport,
    command: input.transport === 'stdio' ? input.command : null,
    args: input.transport === 'stdio' ? input.args : null,
    url: input.transport === 'http' ? input.url : null,
    secretNames: Object.keys(secrets).sort(),
    secrets: tx.keyring.seal(JSON.stringify(secrets), sealedFor(id)),
    enabled: true,
  })
  await audit(tx, { action: 'mcp-server.created', subject: serverSubject(row), after: row })
  return storedServer(tx, row)
}

/** Whether it may be added by the actor, and be reached at all. */
export async function checkServer(ctx: Ctx, input: BodyOf<typeof endpoints.createMcpServer>): Promise<void> {
  if (ctx.actor.resources?.mcpServers !== undefined) {
    throw new AppError('forbidden', 'This API key is limited to the MCP servers it names, and adds no other.')
  }
  if (input.transport === 'stdio') {
    requireOwner(ctx)
    checkSecrets('stdio', input.env, '/env')
    return
  }
  checkSecrets('http', input.headers, '/headers')
  const problem = await checkAddress(ctx, ctx.actor.workspaceId, input.url)
  if (problem !== undefined) {
    throw new AppError('egress_refused', problem, { fields: [{ pointer: '/url', message: problem }] })
  }
}

/**
 * Renames a server of the workspace, switches it on or off, or replaces its secrets.
 * @throws AppError not_found, forbidden (declared in parley.json; stdio, for anyone but owners), invalid_request
 */
export function changeServer(
  ctx: Ctx,
  id: string,
  { name, enabled, headers, env }: BodyOf<typeof endpoints.updateMcpServer>,
): Promise<ServerSpec> {
  return inTransaction(ctx, async (tx) => {
    const before = await openOwnServer(tx, id)
    const { transport } = before
    const [secrets, foreign, pointer] = transport === 'stdio' ? [env, headers, '/env'] : [headers, env, '/headers']
    if (foreign !== undefined) {
      const problem =
        transport === 'stdio' ? 'A program has "env", not "headers".' : 'An address has "headers", not "env".'
      throw new AppError('invalid_request', problem, { fields: [{ pointer: '', message: problem }] })
    }
    if (secrets) checkSecrets(transport, secrets, pointer)
    const row = await updateMcpServer(tx, id, {
      ...(name === undefined ? {} : { name }),
      ...(enabled === undefined ? {} : { enabled }),
      ...(secrets && {
        secretNames: Object.keys(secrets).sort(),
        secrets: tx.keyring.seal(JSON.stringify(secrets), sealedFor(id)),
      }),
    })
    const after = { ...row!, credentialReplaced: secrets !== undefined }
    await audit(tx, { action: 'mcp-server.changed', subject: serverSubject(after), before, after })
    return storedServer(tx, row!)
  })
}

/** Removes a server of the workspace, with what was chosen for its tools. */
export function removeServer(ctx: Ctx, id: string): Promise<void> {
  return inTransaction(ctx, async (tx) => {
    const before = await openOwnServer(tx, id)
    await deleteMcpServer(tx, id)
    await audit(tx, { action: 'mcp-server.deleted', subject: serverSubject(before), before })
    await deleteShares(tx, { kind: 'mcp-server', id })
  })
}

function serverSubject({ id, name }: { id: string; name: string }) {
  return { kind: 'mcp-server', id, name }
}

async function openOwnServer(ctx: Ctx, id: string): Promise<ServerSpec> {
  const server = await openServer(ctx, id)
  if (!reachesTool(ctx.actor, { serverId: id, tool: '' })) {
    throw new AppError('forbidden', 'This API key is limited to single tools of this server, and does not change it.')
  }
  if (server.source === 'file') {
    throw new AppError(
      'forbidden',
      `"${server.name}" is declared in parley.json. Change it there and restart the server.`,
    )
  }
  if (server.transport === 'stdio') requireOwner(ctx)
  return server
}

function checkSecrets(transport: 'stdio' | 'http', secrets: Record<string, string>, pointer: string): void {
  const fields = Object.entries(secrets).flatMap(([name, value]) => {
    const problem = transport === 'stdio' ? variableProblem(name, value) : headerProblem(name, value)
    return problem === undefined ? [] : [{ pointer: `${pointer}/${escapePointer(name)}`, message: problem }]
  })
  if (fields.length > 0) throw new AppError('invalid_request', fields[0]!.message, { fields })
}

function variableProblem(name: string, value: string): string | undefined {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return 'Names of environment variables are letters, digits and _.'
  return value.includes('\0') ? `The value of ${name} has a character that cannot be passed on.` : undefined
}

function headerProblem(name: string, value: string): string | undefined {
  try {
    validateHeaderName(name)
    validateHeaderValue(name, value)
    return undefined
  } catch (error) {
    return `${messageOf(error)}.`
  }
}

function escapePointer(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1')
}

function freeSlug(slug: string, taken: Set<string>): string {
  let free = slug
  for (let number = 2; taken.has(free); number++) free = `${slug}-${number}`
  return free
}
