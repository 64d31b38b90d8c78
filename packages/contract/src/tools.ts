import { z } from 'zod'
import { idSchema, originSchema, pageOf, pageQuerySchema, timeSchema } from './common.ts'
import { endpoint } from './endpoint.ts'
import { audienceSchema } from './sharing.ts'

/**
 * `allow`: runs unasked, but a tool that may have effects asks once the model has read text from tools, files or the web.
 * `always`: runs unasked even then.
 */
export const toolPolicySchema = z.enum(['always', 'allow', 'ask', 'deny'])
export type ToolPolicy = z.infer<typeof toolPolicySchema>

/** `off`: disabled by a person. `degraded`: failing now, tried again with back-off; `detail` says why. */
export const mcpServerStateSchema = z.enum(['off', 'connecting', 'ready', 'degraded'])

export const mcpServerSchema = z
  .object({
    id: z.string(),
    /** Short name, also the prefix of its tools' names: `github`. */
    slug: z.string(),
    name: z.string(),
    transport: z.enum(['stdio', 'http']),
    /** stdio: the program run on this server, and its arguments. */
    command: z.string().nullable(),
    args: z.array(z.string()).nullable(),
    /** http: where it listens. */
    url: z.string().nullable(),
    /** Names of the environment variables or headers that are set; values are never sent back. */
    secretNames: z.array(z.string()),
    /** `file`: declared in parley.json, cannot be changed here. */
    source: z.enum(['file', 'workspace']),
    enabled: z.boolean(),
    state: mcpServerStateSchema,
    /** What is wrong and what to do about it; null when nothing is. */
    detail: z.string().nullable(),
    serverInfo: z.object({ name: z.string(), version: z.string(), protocolVersion: z.string().nullable() }).nullable(),
    toolCount: z.int(),
    createdAt: timeSchema.nullable(),
    /** Who may use it: everyone in the workspace, or chosen people and groups. */
    audience: audienceSchema,
    /** Whether the caller may call its tools; else they only see it. */
    usable: z.boolean(),
  })
  .meta({ id: 'McpServer' })
export type McpServer = z.infer<typeof mcpServerSchema>

export const toolSchema = z
  .object({
    /** As the model sees it: `<server slug>__<tool name>`. */
    name: z.string(),
    serverId: z.string(),
    /** The server's own name for it. */
    tool: z.string(),
    title: z.string(),
    description: z.string(),
    inputSchema: z.record(z.string(), z.unknown()),
    readOnly: z.boolean(),
    destructive: z.boolean(),
    idempotent: z.boolean(),
    /** What happens when a model wants to call it, after defaults and choices. */
    policy: toolPolicySchema,
    /** `default` from the server's hints, else chosen by someone. */
    policySource: z.enum(['default', 'chosen']),
    /** Hash of the definition; a choice made for another definition does not count any more. */
    definitionHash: z.string(),
  })
  .meta({ id: 'Tool' })
export type Tool = z.infer<typeof toolSchema>

/** A piece of a tool's result, as MCP's content blocks say it. */
export const resultContentSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('image'), fileId: idSchema, mediaType: z.string() }),
  z.object({ type: z.literal('audio'), fileId: idSchema, mediaType: z.string() }),
  z.object({
    type: z.literal('resource'),
    uri: z.string(),
    name: z.string().nullable(),
    mediaType: z.string().nullable(),
    text: z.string().nullable(),
  }),
])
export type ResultContent = z.infer<typeof resultContentSchema>

/** What a tool answered. A long result is cut here; its whole text stays readable in pages under `resultId`. */
export const toolResultSchema = z
  .object({
    content: z.array(resultContentSchema),
    structured: z.unknown().optional(),
    isError: z.boolean(),
    /** Set when the result was too large for the model's context. */
    large: z.object({ resultId: idSchema, characters: z.int(), pages: z.int() }).optional(),
    origin: originSchema,
  })
  .meta({ id: 'ToolResult' })
export type ToolResult = z.infer<typeof toolResultSchema>

const stdioInput = z.object({
  transport: z.literal('stdio'),
  command: z.string().min(1).max(500),
  args: z.array(z.string().max(2000)).max(50).default([]),
  env: z.record(z.string().max(200), z.string().max(10_000)).default({}),
})
const httpInput = z.object({
  transport: z.literal('http'),
  url: z.url({ protocol: /^https?$/ }).max(1000),
  headers: z.record(z.string().max(200), z.string().max(10_000)).default({}),
})
const serverName = z.string().trim().min(1).max(40)
const serverParams = z.object({ id: z.string().max(100) })

export const toolEndpoints = {
  listMcpServers: endpoint({
    method: 'GET',
    path: '/api/v1/mcp-servers',
    tag: 'Tools',
    summary: 'MCP servers with their state',
    access: 'tools:read',
    query: pageQuerySchema,
    response: pageOf(mcpServerSchema),
  }),
  createMcpServer: endpoint({
    method: 'POST',
    path: '/api/v1/mcp-servers',
    tag: 'Tools',
    summary: 'Add an MCP server. stdio runs a program on the server: owners only',
    access: 'tools:manage',
    cost: 'expensive',
    body: z.discriminatedUnion('transport', [
      stdioInput.extend({ name: serverName }),
      httpInput.extend({ name: serverName }),
    ]),
    response: mcpServerSchema,
    status: 201,
    idempotent: true,
  }),
  updateMcpServer: endpoint({
    method: 'PATCH',
    path: '/api/v1/mcp-servers/{id}',
    tag: 'Tools',
    summary: 'Rename, switch on or off, or give new secrets (headers or env replace the old ones)',
    access: 'tools:manage',
    cost: 'expensive',
    params: serverParams,
    body: z
      .object({
        name: serverName,
        enabled: z.boolean(),
        headers: z.record(z.string().max(200), z.string().max(10_000)),
        env: z.record(z.string().max(200), z.string().max(10_000)),
      })
      .partial(),
    response: mcpServerSchema,
  }),
  deleteMcpServer: endpoint({
    method: 'DELETE',
    path: '/api/v1/mcp-servers/{id}',
    tag: 'Tools',
    summary: 'Remove an MCP server',
    access: 'tools:manage',
    params: serverParams,
  }),
  reconnectMcpServer: endpoint({
    method: 'POST',
    path: '/api/v1/mcp-servers/{id}/reconnect',
    tag: 'Tools',
    summary: 'Connect again now, without waiting for the back-off',
    access: 'tools:manage',
    cost: 'expensive',
    params: serverParams,
    response: mcpServerSchema,
  }),
  listTools: endpoint({
    method: 'GET',
    path: '/api/v1/mcp-servers/{id}/tools',
    tag: 'Tools',
    summary: 'Tools of an MCP server, by name',
    access: 'tools:read',
    params: serverParams,
    query: pageQuerySchema,
    response: pageOf(toolSchema),
  }),
  setToolPolicy: endpoint({
    method: 'PUT',
    path: '/api/v1/mcp-servers/{id}/tools/{tool}/policy',
    tag: 'Tools',
    summary: 'Allow (`always`: whatever the model has read), ask or deny a tool here; `default` goes back to the rule',
    access: 'tools:manage',
    params: serverParams.extend({ tool: z.string().max(200) }),
    body: z.object({ policy: z.enum([...toolPolicySchema.options, 'default']) }),
    response: toolSchema,
  }),
  callTool: endpoint({
    method: 'POST',
    path: '/api/v1/mcp-servers/{id}/tools/{tool}/call',
    tag: 'Tools',
    summary: 'Call a tool oneself',
    access: 'tools:call',
    cost: 'expensive',
    params: serverParams.extend({ tool: z.string().max(200) }),
    body: z.object({ arguments: z.record(z.string(), z.unknown()).default({}) }),
    response: toolResultSchema,
    idempotent: true,
  }),
  getToolResult: endpoint({
    method: 'GET',
    path: '/api/v1/tool-results/{id}',
    tag: 'Tools',
    summary: 'One page of a large tool result',
    access: 'conversations:read',
    params: z.object({ id: idSchema }),
    query: z.object({ page: z.coerce.number().int().min(1).default(1) }),
    response: z.object({ resultId: idSchema, page: z.int(), pages: z.int(), text: z.string() }),
  }),
}
