// biome-ignore-all lint/suspicious/noTemplateCurlyInString: that is how parley.json names variables
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { writeCertificate } from '../../testing/make-certificate.ts'
import { trustedProxyCheck } from '../http/trusted-proxies.ts'
import { settings } from './env.ts'
import { ConfigError, loadConfig } from './index.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-config-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const load = (processEnv: Record<string, string> = {}) => loadConfig({ processEnv, folder })
const write = (name: string, text: string) => writeFileSync(join(folder, name), text)

function problemsOf(processEnv: Record<string, string> = {}): string[] {
  try {
    load(processEnv)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

test('with nothing set, everything has a sensible value', () => {
  const { config, secrets, warnings } = load()
  expect(config.http).toMatchObject({
    host: '127.0.0.1',
    port: 3000,
    publicUrl: 'http://localhost:3000',
    secureCookies: false,
  })
  expect(config.dataDir).toBe(join(folder, 'data'))
  expect(config.models.environmentProviders).toEqual([])
  expect(secrets.databaseUrl).toBeUndefined()
  expect(warnings).toEqual([])
})

test('.env is read, and the real environment wins', () => {
  write('.env', 'PORT=4000\nPARLEY_LOG_LEVEL="warn"\n# PARLEY_SIGNUP=open\n')
  const { config } = load({ PORT: '5000' })
  expect([config.http.port, config.log.level, config.identity.signup]).toEqual([5000, 'warn', 'invite'])
})

test('all problems are told at once, each with what it has to be, and no secret', () => {
  write('parley.json', '{"mcpServers": {"a": {}}}')
  const problems = problemsOf({
    PORT: 'http',
    DATABASE_URL: 'mysql://me:hunter2@host/db',
    PUBLIC_URL: 'chat.example.com',
    PARLEY_SIGNUP: 'everyone',
    PARLEY_ADMIN_PASSWORD: 'short',
    PARLEY_EGRESS_ALLOW: 'http://x',
    PARLEY_MAX_STEPS: '0',
  })
  const text = problems.join('\n')
  for (const part of [
    'PORT is "http"',
    'DATABASE_URL',
    'PUBLIC_URL',
    'open, invite or closed',
    'at least 10',
    'EGRESS_ALLOW',
    'from 1 to 200',
    'mcpServers.a needs either',
  ]) {
    expect(text).toContain(part)
  }
  expect(text).not.toMatch(/hunter2|short"/)
})

test('a key of Stripe’s without the secret of its events is a problem, and neither is told', () => {
  const keys = { STRIPE_SECRET_KEY: 'sk_test_hidden', STRIPE_WEBHOOK_SECRET: 'whsec_hidden' }
  const { config, secrets } = load(keys)
  expect(config.billing.stripeUrl).toBe('https://api.stripe.com')
  expect(JSON.stringify(config)).not.toContain('hidden')
  expect(secrets).toMatchObject({ stripeSecretKey: 'sk_test_hidden', stripeWebhookSecret: 'whsec_hidden' })
  for (const name of Object.keys(keys) as (keyof typeof keys)[]) {
    const text = problemsOf({ [name]: keys[name] }).join('\n')
    expect(text).toContain('STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET go together')
    expect(text).not.toContain('hidden')
  }
})

test('a setting that does not exist is a warning with the one that was meant', () => {
  expect(load({ PARLEY_SINGUP: 'open' }).warnings).toEqual([
    'PARLEY_SINGUP is not a setting and changes nothing. Did you mean PARLEY_SIGNUP?',
  ])
  expect(load({ PARLEY_SOMETHING_ELSE_ENTIRELY: '1' }).warnings[0]).not.toContain('mean')
})

test('empty is not set', () => {
  expect(load({ PORT: '', DATABASE_URL: '', OPENAI_API_KEY: ' ' }).config.models.environmentProviders).toEqual([])
})

describe('providers from the environment', () => {
  test('a key alone goes to the vendor', () => {
    const { config, secrets } = load({ OPENAI_API_KEY: 'k1', ANTHROPIC_API_KEY: 'k2' })
    expect(config.models.environmentProviders).toEqual([
      { slug: 'openai', name: 'OpenAI', protocol: 'openai', baseUrl: 'https://api.openai.com/v1' },
      { slug: 'anthropic', name: 'Anthropic', protocol: 'anthropic', baseUrl: 'https://api.anthropic.com' },
    ])
    expect(secrets.providerKeys).toEqual({ openai: 'k1', anthropic: 'k2' })
  })
  test('an address alone is enough', () => {
    expect(load({ OPENAI_BASE_URL: 'http://localhost:11434/v1/' }).config.models.environmentProviders).toEqual([
      { slug: 'openai', name: 'localhost:11434', protocol: 'openai', baseUrl: 'http://localhost:11434/v1' },
    ])
  })
})

describe('sign-in providers', () => {
  test('need an id and a secret; GitHub and Microsoft know where they are', () => {
    const { config, secrets } = load({
      GITHUB_CLIENT_ID: 'g',
      GITHUB_CLIENT_SECRET: 'hidden-1',
      MICROSOFT_CLIENT_ID: 'm',
      MICROSOFT_CLIENT_SECRET: 'hidden-2',
      MICROSOFT_TENANT: 'contoso.example',
      PARLEY_OIDC_ISSUER: 'https://id.example.com/team/',
      PARLEY_OIDC_CLIENT_ID: 'o',
      PARLEY_SIGN_IN_RULES:
        '{"oidc":{"rules":[{"claim":"groups","value":"staff","role":"member"}],"defaultRole":null}}',
      PARLEY_SIGN_IN_TRUST_EMAIL: 'microsoft',
      PARLEY_SIGNUP_DOMAINS: 'Example.com, example.org',
    })
    const { providers, domains, ownersKeepPassword } = config.identity.signIn
    expect(providers.map(({ slug, issuer, trustsEmail }) => [slug, issuer, trustsEmail])).toEqual([
      ['microsoft', 'https://login.microsoftonline.com/contoso.example/v2.0', true],
      ['github', 'https://github.com', false],
      ['oidc', 'https://id.example.com/team/', false],
    ])
    expect(providers.at(-1)).toMatchObject({ defaultRole: null, rules: [{ claim: 'groups', value: 'staff' }] })
    expect(providers.at(0)).toMatchObject({ defaultRole: 'member', rules: [] })
    expect([domains, ownersKeepPassword]).toEqual([['example.com', 'example.org'], true])
    expect(secrets.signInSecrets).toMatchObject({ github: 'hidden-1', microsoft: 'hidden-2', oidc: undefined })
    expect(JSON.stringify(config)).not.toContain('hidden')
  })

  test.each([
    [{ GOOGLE_CLIENT_ID: 'g' }, /GOOGLE_CLIENT_ID and GOOGLE_CLIENT_SECRET go together/],
    [{ PARLEY_OIDC_ISSUER: 'https://id.example.com' }, /PARLEY_OIDC_CLIENT_ID go together/],
    [{ PARLEY_SIGN_IN_TRUST_EMAIL: 'oidc' }, /names "oidc", which is not set up/],
    [
      { MICROSOFT_CLIENT_ID: 'm', MICROSOFT_CLIENT_SECRET: 's', PARLEY_SIGN_IN_TRUST_EMAIL: 'microsoft' },
      /lets in many tenants/,
    ],
    [{ PARLEY_SIGN_IN_RULES: '{nope' }, /not JSON/],
    [{ PARLEY_SIGN_IN_RULES: '{"oidc":{"rules":[{"claim":"x","value":"y","role":"king"}]}}' }, /oidc.rules.0.role/],
    [{ PARLEY_SIGN_IN_RULES: '{"oidc":{"defaultRole":"owner"}}' }, /oidc.defaultRole/],
    [{ PARLEY_SIGNUP_DOMAINS: 'someone@example.com' }, /is not a domain/],
    [{ MICROSOFT_TENANT: 'a/b' }, /MICROSOFT_TENANT is "a\/b"/],
  ] as [Record<string, string>, RegExp][])('%j', (env, expected) => {
    expect(problemsOf(env).join('\n')).toMatch(expected)
  })
})

describe('parley.json', () => {
  test('declares servers in the shape other hosts use', () => {
    write(
      'parley.json',
      JSON.stringify({
        mcpServers: {
          everything: { command: 'npx', args: ['-y', 'x', '${WHERE}'], env: { KEY: '${KEY}', MODE: '${MODE:-fast}' } },
          'My Docs': { type: 'http', url: 'https://docs.example/mcp', headers: { Authorization: 'Bearer ${KEY}' } },
          off: { command: 'never', disabled: true },
        },
      }),
    )
    const { config } = load({ WHERE: '/tmp', KEY: 'secret' })
    expect(config.tools.declared).toEqual([
      {
        slug: 'everything',
        name: 'everything',
        transport: 'stdio',
        command: 'npx',
        args: ['-y', 'x', '/tmp'],
        env: { KEY: 'secret', MODE: 'fast' },
        cwd: folder,
      },
      {
        slug: 'my-docs',
        name: 'My Docs',
        transport: 'http',
        url: 'https://docs.example/mcp',
        headers: { Authorization: 'Bearer secret' },
      },
    ])
  })

  test.each([
    ['{"mcpServers": {"a": {"command": "x",}}}', /line 1, column 38/],
    ['{\n  "mcpServers": {\n    "a": nope\n}}', /line 3, column 11/],
    ['{"mcpServers": {', /ends too early/],
    ['[]', /has to be an object/],
    ['{"mcpServers": {"a": {"command": "x", "url": "http://x"}}}', /needs either/],
    ['{"mcpServers": {"a": {"url": "ftp://x"}}}', /http:\/\//],
    ['{"mcpServers": {"a": {"type": "sse", "url": "http://x"}}}', /streamable HTTP/],
    ['{"mcpServers": {"a": {"command": "x", "args": "y"}}}', /a at args is not right/],
    ['{"mcpServers": {"a": {"command": "x", "env": {"K": "${NO_SUCH}"}}}}', /NO_SUCH.*not set/],
    ['{"mcpServers": {"a b": {"command": "x"}, "a-b": {"command": "x"}}}', /same short name/],
  ])('%s', (text, expected) => {
    write('parley.json', text)
    expect(problemsOf().join('\n')).toMatch(expected)
  })

  test('need not exist, unless it is named', () => {
    expect(problemsOf()).toEqual([])
    expect(problemsOf({ PARLEY_CONFIG_FILE: 'other.json' })[0]).toContain('other.json')
  })
})

test('docs/configuration.md has a line for every setting, and for no other', () => {
  const text = readFileSync(new URL('../../../../../docs/configuration.md', import.meta.url), 'utf8')
  const rows = text.split('\n').filter((line) => line.startsWith('| `'))
  const expected = Object.entries(settings).map(
    ([name, setting]) =>
      `| \`${name}\` | ${setting.default === undefined ? '' : `\`${setting.default}\``} | ${setting.about} |`,
  )
  expect(rows).toEqual(expected)
})

describe('the edge', () => {
  test('a certificate makes the address HTTPS, and the cookies secure', async () => {
    const { certFile, keyFile } = await writeCertificate(folder)
    const files = { PARLEY_TLS_CERT_FILE: certFile, PARLEY_TLS_KEY_FILE: 'key.pem' }
    const { http } = load({ ...files, PORT: '8443' }).config
    expect(http).toMatchObject({ publicUrl: 'https://localhost:8443', secureCookies: true })
    expect(http.tls).toEqual({ certFile, keyFile, minVersion: 'TLSv1.3' })
    expect(load({ ...files, PARLEY_TLS_MIN_VERSION: '1.2' }).config.http.tls?.minVersion).toBe('TLSv1.2')
    expect(problemsOf({ ...files, PUBLIC_URL: 'http://chat.example.com' })[0]).toContain('Let it begin with https://')
  })

  test('half of a certificate, or files that cannot be used, stop the start', () => {
    expect(problemsOf({ PARLEY_TLS_CERT_FILE: 'cert.pem' })[0]).toContain('go together')
    const [problem] = problemsOf({ PARLEY_TLS_CERT_FILE: 'cert.pem', PARLEY_TLS_KEY_FILE: 'key.pem' })
    expect(problem).toBe(`${join(folder, 'cert.pem')} does not exist. Correct PARLEY_TLS_CERT_FILE.`)
    expect(problemsOf({ PARLEY_TLS_MIN_VERSION: '1.1' })[0]).toContain('1.2 or 1.3')
  })

  test.each(['10.0.0.1', '10.0.0.0/8', '::1', '2001:db8::/32', 'loopback', 'uniquelocal, 203.0.113.7'])(
    'takes %s for proxies',
    (text) => expect(problemsOf({ PARLEY_TRUSTED_PROXIES: text })).toEqual([]),
  )

  test.each([
    'true',
    '*',
    'proxy.example.com',
    '10.0.0.0/33',
    '10.0.0',
    '10.0.0.0/8/8',
    '2001:db8::/129',
    'loopback/8',
  ])('does not take %s', (text) =>
    expect(problemsOf({ PARLEY_TRUSTED_PROXIES: text })[0]).toContain('PARLEY_TRUSTED_PROXIES'),
  )
})

test.each([
  [['loopback'], '127.0.0.9', true],
  [['loopback'], '::1', true],
  [['loopback'], '::ffff:127.0.0.1', true],
  [['loopback'], '10.0.0.1', false],
  [['uniquelocal'], '10.9.8.7', true],
  [['10.0.0.0/8', '2001:db8::/32'], '2001:db8::5', true],
  [['10.0.0.0/8'], '::ffff:10.1.1.1', true],
  [['203.0.113.7'], '203.0.113.8', false],
  [[], '127.0.0.1', false],
])('proxies %j and the address %s: %s', (networks, address, trusted) => {
  expect(trustedProxyCheck(networks)(address)).toBe(trusted)
})
