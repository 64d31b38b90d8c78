import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { messageOf } from '../errors.ts'

/** An MCP server declared in parley.json. stdio has `command`, http has `url`. */
export interface DeclaredMcpServer {
  slug: string
  name: string
  transport: 'stdio' | 'http'
  command?: string
  args?: string[]
  env?: Record<string, string>
  cwd?: string
  url?: string
  headers?: Record<string, string>
}

interface McpFile {
  servers: DeclaredMcpServer[]
  problems: string[]
  warnings: string[]
}

const texts = z.record(z.string(), z.string())
const entrySchema = z.object({
  type: z.enum(['stdio', 'http', 'streamable-http', 'streamableHttp']).optional(),
  command: z.string().min(1).optional(),
  args: z.array(z.string()).optional(),
  env: texts.optional(),
  cwd: z.string().optional(),
  url: z.string().optional(),
  headers: texts.optional(),
  disabled: z.boolean().optional(),
})
const entryKeys = Object.keys(entrySchema.shape)

/**
 * Reads MCP servers in the shape other hosts use (`{"mcpServers": {"name": {"command": …} or {"url": …}}}`), with
 * `${NAME}` and `${NAME:-default}` replaced from the environment. What other hosts put beside that is a warning only.
 */
export function readMcpFile(
  file: string,
  env: Record<string, string | undefined>,
  options: { required: boolean },
): McpFile {
  const result: McpFile = { servers: [], problems: [], warnings: [] }
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || options.required) {
      result.problems.push(`${file} cannot be read (${messageOf(error)}). Correct PARLEY_CONFIG_FILE, or leave it out.`)
    }
    return result
  }

  let json: unknown
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    result.problems.push(`${file} is not valid JSON: ${describeJsonError(text, error)}.`)
    return result
  }
  const parsed = z.looseObject({ mcpServers: z.record(z.string(), z.unknown()).optional() }).safeParse(json)
  if (!parsed.success) {
    result.problems.push(`${file} has to be an object like {"mcpServers": {"name": {"command": "npx", "args": []}}}.`)
    return result
  }
  const { mcpServers = {}, ...others } = parsed.data
  for (const key of Object.keys(others)) {
    if (key !== '$schema') result.warnings.push(`${file}: "${key}" is not known and changes nothing.`)
  }
  for (const [name, value] of Object.entries(mcpServers)) {
    const where = `${file}: mcpServers.${name}`
    const server = readServer(name, value, dirname(file), env, where, result)
    if (server === undefined) continue
    const same = result.servers.find(({ slug }) => slug === server.slug)
    if (same) result.problems.push(`${where} and "${same.name}" have the same short name "${server.slug}". Rename one.`)
    else result.servers.push(server)
  }
  return result
}

function readServer(
  name: string,
  value: unknown,
  folder: string,
  env: Record<string, string | undefined>,
  where: string,
  { problems, warnings }: McpFile,
): DeclaredMcpServer | undefined {
  const told = problems.length
  const problem = (text: string) => problems.push(`${where} ${text}`)
  const parsed = entrySchema.safeParse(value)
  if (!parsed.success) {
    for (const { path, message } of parsed.error.issues) {
      if (path[0] === 'type' && (value as { type?: unknown }).type === 'sse') {
        problem('uses the old SSE transport, which is not supported. Use the server’s streamable HTTP address.')
      } else problem(`${path.length === 0 ? '' : `at ${path.join('.')} `}is not right: ${message}.`)
    }
    return
  }
  const entry = parsed.data
  const foreign = Object.keys(value as object).filter((key) => !entryKeys.includes(key))
  if (foreign.length > 0) warnings.push(`${where}: ${foreign.join(', ')} changes nothing here.`)
  if (entry.disabled) return

  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 30)
  if (slug === '') problem('needs a name with a letter or digit in it.')

  const expand = (text: string) =>
    text.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g, (_, variable: string, fallback?: string) => {
      const found = env[variable] || fallback
      if (found === undefined) {
        problem(
          `uses \${${variable}}, which is not set. Set it in the environment or in .env, or write \${${variable}:-default}.`,
        )
      }
      return found ?? ''
    })
  const expandAll = (record: Record<string, string>) =>
    Object.fromEntries(Object.entries(record).map(([key, text]) => [key, expand(text)]))

  const { command, url } = entry
  if ((command === undefined) === (url === undefined)) {
    problem('needs either "command" (a program to run) or "url" (an HTTP address).')
    return
  }
  const isHttp = url !== undefined
  if (entry.type !== undefined && (entry.type !== 'stdio') !== isHttp) {
    problem(`says type "${entry.type}", but has ${isHttp ? '"url"' : '"command"'}. Leave the type out or correct it.`)
  }
  let server: DeclaredMcpServer
  if (isHttp) {
    const expanded = expand(url)
    if (!/^https?:$/.test(URL.parse(expanded)?.protocol ?? '')) {
      problem('has a "url" that does not begin with http:// or https://.')
    }
    server = { slug, name, transport: 'http', url: expanded, headers: expandAll(entry.headers ?? {}) }
  } else {
    server = {
      slug,
      name,
      transport: 'stdio',
      command: expand(command ?? ''),
      args: (entry.args ?? []).map(expand),
      env: expandAll(entry.env ?? {}),
      cwd: resolve(folder, expand(entry.cwd ?? '.')),
    }
  }
  return problems.length === told ? server : undefined
}

/** Says where, but quotes nothing of the file: it may hold secrets. */
function describeJsonError(text: string, error: unknown): string {
  // Some of the engine's messages name the place; for the others it is where parsing first stops waiting for more.
  const named = /at position (\d+)/.exec(messageOf(error))
  let position = named ? Number(named[1]) : text.length
  if (!named) {
    let good = 0
    let bad = text.length
    while (bad - good > 1) {
      const middle = (good + bad) >> 1
      if (isWrongAlready(text.slice(0, middle))) bad = middle
      else good = middle
    }
    if (isWrongAlready(text)) position = bad - 1
  }
  const before = text.slice(0, position).split('\n')
  const what = position >= text.length ? 'it ends too early' : 'something else is expected'
  return `line ${before.length}, column ${before.at(-1)!.length + 1}: ${what}`
}

function isWrongAlready(text: string): boolean {
  try {
    JSON.parse(text)
    return false
  } catch (error) {
    return messageOf(error).startsWith('Unexpected token')
  }
}
