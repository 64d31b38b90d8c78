import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

/*
 * P14 safe fetch: requests leave through `platform/net` alone. Biome refuses the global `fetch`, `WebSocket` and so on
 * everywhere else (biome.json); here is the list of those who may name a module that can open a connection, and for what.
 */

const source = fileURLToPath(new URL('../../', import.meta.url))

/** By file and module: what it takes from it. */
const mayImport: Record<string, Record<string, string>> = {
  // Mail, to the operator's own server.
  'platform/mail/check-smtp.ts': { nodemailer: 'createTransport' },
  'platform/mail/transport.ts': { nodemailer: 'createTransport' },
  // The audit log, to the operator's own collector.
  'modules/audit/streams/send-to-syslog.ts': {
    'node:dgram': 'createSocket',
    'node:net': 'connect',
    'node:tls': 'connect as connectTls',
  },
}

/** What of these modules connects to nothing. */
const harmless = new Set(
  'isIP isIPv4 isIPv6 BlockList SocketAddress STATUS_CODES METHODS validateHeaderName validateHeaderValue createServer createSecureContext'.split(
    ' ',
  ),
)

const canConnect =
  /^import\s+(?!type\b)([^'"]+?)\s+from\s+'(undici|nodemailer|axios|node-fetch|got|ws|(?:node:)?(?:http|https|http2|net|tls|dgram|dns)(?:\/promises)?)'/gm

function importsOf(text: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const [, names = '', module = ''] of text.matchAll(canConnect)) {
    const values = names
      .replace(/[{}\n]/g, ' ')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '' && !name.startsWith('type ') && !harmless.has(name))
    if (values.length > 0) found[module] = values.join(', ')
  }
  return found
}

const files = globSync('**/*.ts', { cwd: source }).filter(
  (file) => !/\.test\.ts$|^testing\/|\/testing\/|^platform\/net\//.test(file),
)

test('nobody else takes hold of what can open a connection', () => {
  expect(files.length).toBeGreaterThan(200)
  const found = Object.fromEntries(
    files
      .map((file) => [file, importsOf(readFileSync(source + file, 'utf8'))] as const)
      .filter(([, imports]) => Object.keys(imports).length > 0),
  )
  expect(found).toEqual(mayImport)
})

test('libraries that could fetch by themselves are given our fetch', () => {
  const texts = files.map((file) => [file, readFileSync(source + file, 'utf8')] as const)
  const using = (pattern: RegExp) => texts.filter(([, text]) => pattern.test(text)).map(([file]) => file)
  // jose fetches keys with the global fetch; openid-client and the MCP transports do, unless they are handed another.
  expect(using(/createRemoteJWKSet/)).toEqual([])
  expect(using(/\b(import|require)\(\s*['"](undici|node:https?|https?)['"]/)).toEqual([])
  for (const file of using(/new oidc\.Configuration\(|oidc\.discovery\(/)) {
    expect(readFileSync(source + file, 'utf8'), file).toContain('oidc.customFetch')
  }
  for (const file of using(/new StreamableHTTPClientTransport\(/)) {
    expect(readFileSync(source + file, 'utf8'), file).toMatch(/fetch: boundedFetch\(/)
  }
})
