import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { z } from 'zod'
import { isProxyNetwork } from '../http/trusted-proxies.ts'
import { smtpUrlProblem } from '../mail/smtp-options.ts'
import { nearestName } from './nearest-name.ts'

/** Micro-USD per million tokens. */
export interface ModelPrice {
  inputMicroUsd: number
  cachedInputMicroUsd: number
  outputMicroUsd: number
}

/** One environment variable: how it is read, what it is when left out, and what to tell people about it. */
interface Setting<T extends z.ZodType = z.ZodType> {
  schema: T
  /** Value when it is not set, as one would write it. */
  default?: string
  /** Completes "has to be …". */
  expects: string
  about: string
  /** Never shown, not even in an error message. */
  secret?: boolean
}

function setting<T extends z.ZodType>(schema: T, rest: Omit<Setting, 'schema'>): Setting<T> {
  return { schema, ...rest }
}

const optionalText = z.string().optional()
const flag = z
  .enum(['1', '0', 'true', 'false', 'yes', 'no', 'on', 'off'])
  .transform((text) => /^(1|true|yes|on)$/.test(text))
const flagExpects = '1 or 0'
const list = z
  .string()
  .optional()
  .transform((text) =>
    (text ?? '')
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean),
  )

function whole(min: number, max: number) {
  return z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max))
}

function wholeSetting(min: number, max: number, fallback: number, about: string) {
  return setting(whole(min, max), { default: String(fallback), expects: `a whole number from ${min} to ${max}`, about })
}

/** `Parley <parley@example.com>`, or the address alone. */
const mailbox = z.string().transform((text, check) => {
  const [, quoted, plain, bracketed, bare] = /^(?:(?:"([^"]*)"|([^<>"]*?))\s*<([^<>]+)>|(\S+))$/.exec(text) ?? []
  const address = z
    .email()
    .max(254)
    .safeParse(bracketed ?? bare)
  if (!address.success) check.addIssue({ code: 'custom', message: 'is no email address' })
  return { name: (quoted ?? plain ?? '').trim() || 'Parley', address: address.data ?? '' }
})

/** Where a syslog server listens. */
export interface SyslogTarget {
  protocol: 'tls' | 'tcp' | 'udp'
  host: string
  port: number
}

const syslogPorts = { tls: 6514, tcp: 601, udp: 514 }

const syslogTarget = z.string().transform((text, check): SyslogTarget => {
  const [, protocol, bracketed, plain, port] =
    /^(tls|tcp|udp):\/\/(?:\[([\da-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?\/?$/i.exec(text) ?? []
  const known = (protocol?.toLowerCase() ?? 'tls') as SyslogTarget['protocol']
  const number = Number(port ?? syslogPorts[known])
  if (protocol === undefined || number < 1 || number > 65_535)
    check.addIssue({ code: 'custom', message: 'is no syslog address' })
  return { protocol: known, host: bracketed ?? plain ?? '', port: number }
})

const httpUrl = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''))
const httpUrlExpects = 'an address that begins with http:// or https://'

const timeZone = z.string().refine((name) => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }) !== undefined && /^[A-Za-z]/.test(name)
  } catch {
    return false
  }
})

/** Dollars per million tokens as integer micro-USD; undefined for what is no price list. */
function readPrices(text: string): Map<string, ModelPrice> | undefined {
  const prices = new Map<string, ModelPrice>()
  for (const item of text.split(',').map((each) => each.trim())) {
    const [, model, ...numbers] = /^([^=\s]+\/[^=\s]+)=([\d.]+)\/([\d.]+)\/([\d.]+)$/.exec(item) ?? []
    const [input, cached, output] = numbers.map((dollars) => Math.round(Number(dollars) * 1_000_000))
    if (model === undefined || [input, cached, output].some((micro) => !(micro! >= 0 && micro! <= 1e10)))
      return undefined
    prices.set(model, { inputMicroUsd: input!, cachedInputMicroUsd: cached!, outputMicroUsd: output! })
  }
  return prices
}

const modelPrices = z
  .string()
  .optional()
  .transform((text, check) => {
    const prices = text === undefined ? new Map<string, ModelPrice>() : readPrices(text)
    if (prices) return prices
    check.addIssue('not prices')
    return z.NEVER
  })

/** Every setting, in the order of docs/configuration.md. */
export const settings = {
  PORT: wholeSetting(0, 65_535, 3000, 'Port the server listens on; 0 takes a free one.'),
  HOST: setting(z.string(), {
    default: '127.0.0.1',
    expects: 'an address of this machine',
    about: 'Address the server listens on; `0.0.0.0` makes it reachable from other machines.',
  }),
  PUBLIC_URL: setting(httpUrl.optional(), {
    expects: httpUrlExpects,
    about:
      'Address under which people reach Parley, such as `https://chat.example.com`. Default: `http://localhost:<PORT>`, or `https://` with a certificate.',
  }),
  PARLEY_SECURE_COOKIES: setting(flag.optional(), {
    expects: flagExpects,
    about: 'Send cookies over HTTPS only. Default: on when `PUBLIC_URL` begins with `https://`.',
  }),
  PARLEY_TRUSTED_PROXIES: setting(
    list.refine((networks) => networks.every(isProxyNetwork)),
    {
      expects: 'addresses or networks separated by commas, such as 10.0.0.0/8, or loopback, linklocal, uniquelocal',
      about:
        'Reverse proxies whose `X-Forwarded-*` headers are believed: addresses or networks, separated by commas; `loopback`, `linklocal` and `uniquelocal` stand for those.',
    },
  ),
  PARLEY_TLS_CERT_FILE: setting(optionalText, {
    expects: 'a file',
    about:
      'With `PARLEY_TLS_KEY_FILE`: Parley speaks HTTPS itself. A PEM file with the certificate and those it was signed with; a new one is taken up as soon as the file changes, or at SIGHUP.',
  }),
  PARLEY_TLS_KEY_FILE: setting(optionalText, {
    expects: 'a file',
    about: 'PEM file with the private key of the certificate, without a passphrase.',
  }),
  PARLEY_TLS_MIN_VERSION: setting(z.enum(['1.2', '1.3']), {
    default: '1.3',
    expects: '1.2 or 1.3',
    about: 'Oldest version of TLS that is spoken; `1.2` for clients from before 2018.',
  }),
  PARLEY_DATA_DIR: setting(z.string(), {
    default: './data',
    expects: 'a folder',
    about: 'Folder for the embedded database, files and keys.',
  }),
  DATABASE_URL: setting(
    z
      .string()
      .refine((text) => /^postgres(ql)?:$/.test(URL.parse(text)?.protocol ?? ''))
      .optional(),
    {
      expects:
        'an address such as postgres://user:password@host:5432/database (special characters in the password as %XX)',
      about:
        'PostgreSQL 15 or later: `postgres://user:password@host:5432/database`. Without it, the embedded database is used.',
      secret: true,
    },
  ),
  PARLEY_DATABASE_POOL: wholeSetting(1, 500, 10, 'Connections to PostgreSQL at most.'),
  PARLEY_DATABASE_PREPARE: setting(flag, {
    default: '1',
    expects: flagExpects,
    about:
      'Statements that come often are prepared once for each connection. `0` where a pooler between does not keep them, such as PgBouncer before 1.21 in transaction mode.',
  }),
  REDIS_URL: setting(
    z
      .string()
      .refine((text) => /^rediss?:$/.test(URL.parse(text)?.protocol ?? ''))
      .optional(),
    {
      expects: 'an address such as redis://:password@host:6379 (rediss:// for TLS; special characters as %XX)',
      about:
        'Redis 7 or Valkey: `redis://:password@host:6379`, `rediss://` for TLS. Counts limits for several processes together; without it, each process counts for itself.',
      secret: true,
    },
  ),
  PARLEY_REDIS_TIMEOUT_MS: wholeSetting(
    1,
    10_000,
    50,
    'Milliseconds that Redis has to answer; after that it counts as away for a second, and nobody waits for it.',
  ),
  PARLEY_AUDIT_SYSLOG: setting(syslogTarget.optional(), {
    expects: 'an address such as tls://logs.example.com:6514, tcp://… or udp://…',
    about:
      'Syslog server (RFC 5424) that gets every entry of every audit log: `tls://host:6514`, `tcp://host:601` or `udp://host:514`.',
  }),
  PARLEY_MASTER_KEY: setting(optionalText, {
    expects: 'base64 of 32 bytes',
    about:
      'Key that stored secrets are encrypted with: base64 of 32 bytes (`openssl rand -base64 32`). Default: a key file made in the data folder.',
    secret: true,
  }),
  PARLEY_SIGNUP: setting(z.enum(['open', 'invite', 'closed']), {
    default: 'invite',
    expects: 'open, invite or closed',
    about: 'Who may sign up once there is an owner: `open` (anyone), `invite`, or `closed`.',
  }),
  PARLEY_ADMIN_EMAIL: setting(z.email().optional(), {
    expects: 'an email address',
    about: 'With `PARLEY_ADMIN_PASSWORD`: makes the first owner at the first start, instead of the set-up link.',
  }),
  PARLEY_ADMIN_PASSWORD: setting(z.string().min(10).max(200).optional(), {
    expects: 'at least 10 characters',
    about: 'Password of that owner, at least 10 characters.',
    secret: true,
  }),
  PARLEY_DEFAULT_PLAN: setting(z.enum(['free', 'pro', 'enterprise']), {
    default: 'enterprise',
    expects: 'free, pro or enterprise',
    about:
      'Plan of workspaces that were not put on one. The workspace of whoever runs Parley starts on `enterprise` in any case.',
  }),
  PARLEY_REQUESTS_PER_MINUTE: wholeSetting(
    0,
    100_000_000,
    6_000,
    'Requests a minute of one person, and of one API key; 0 for no limit. A guard against programs run wild, not a quota: that is the plan.',
  ),
  PARLEY_EXPENSIVE_REQUESTS_PER_MINUTE: wholeSetting(
    0,
    100_000_000,
    600,
    'Of these, how many may be expensive ones: sending messages, uploads, trying out providers and tools, exports; 0 for no limit.',
  ),
  PARLEY_ADDRESS_REQUESTS_PER_MINUTE: wholeSetting(
    0,
    100_000_000,
    12_000,
    'Requests a minute from one network address (for IPv6 its /64), signed in or not; 0 for no limit. Behind a reverse proxy, set `PARLEY_TRUSTED_PROXIES`, or everybody shares one address.',
  ),
  PARLEY_MAX_CONNECTIONS: wholeSetting(
    1,
    1_000_000,
    16_000,
    'Connections that may be open at once; what comes on top is closed. Keep it below the limit of open files (`ulimit -n`).',
  ),
  PARLEY_MAX_CONNECTIONS_PER_ADDRESS: wholeSetting(
    1,
    1_000_000,
    2_000,
    'Of these, how many one network address (for IPv6 its /64) may have. Trusted proxies have as many as they need.',
  ),
  PARLEY_MAX_REQUESTS_IN_FLIGHT: wholeSetting(
    0,
    1_000_000,
    4_000,
    'Requests that may be worked on at once, open event streams apart; more are refused with 503. 0 for no limit.',
  ),
  PARLEY_OVERLOAD_DELAY_MS: wholeSetting(
    0,
    60_000,
    500,
    'When the process is this far behind with its work, on average over a second, it refuses new requests with 503 until it has caught up. 0: never.',
  ),
  SMTP_URL: setting(
    z
      .string()
      .refine((text) => smtpUrlProblem(text) === undefined)
      .optional(),
    {
      expects:
        'an address such as smtp://user:password@mail.example.com:587 or smtps://…:465 (special characters in user and password as %XX)',
      about:
        'Mail server: `smtp://user:password@host:587` (STARTTLS) or `smtps://user:password@host:465`. Without it, mails are written to `outbox` in the data folder.',
      secret: true,
    },
  ),
  PARLEY_MAIL_FROM: setting(mailbox.optional(), {
    expects: 'an email address, or a name with one: Parley <parley@example.com>',
    about: 'Who mails come from: `Parley <parley@example.com>`. Needed with `SMTP_URL`.',
  }),
  GOOGLE_CLIENT_ID: setting(optionalText, {
    expects: 'a client id',
    about: 'Sign-in with Google: the OAuth client of your Google Cloud project.',
  }),
  GOOGLE_CLIENT_SECRET: setting(optionalText, { expects: 'a client secret', about: 'Its secret.', secret: true }),
  MICROSOFT_CLIENT_ID: setting(optionalText, {
    expects: 'a client id',
    about: 'Sign-in with Microsoft: the application (client) id of your app registration.',
  }),
  MICROSOFT_CLIENT_SECRET: setting(optionalText, { expects: 'a client secret', about: 'Its secret.', secret: true }),
  MICROSOFT_TENANT: setting(z.string().regex(/^[\w.-]{1,100}$/), {
    default: 'organizations',
    expects: 'common, organizations, consumers, or a tenant’s id or domain',
    about:
      'Whose Microsoft accounts may sign in: `common`, `organizations`, `consumers`, or one tenant’s id or domain.',
  }),
  GITHUB_CLIENT_ID: setting(optionalText, {
    expects: 'a client id',
    about: 'Sign-in with GitHub: the client id of your OAuth app.',
  }),
  GITHUB_CLIENT_SECRET: setting(optionalText, { expects: 'a client secret', about: 'Its secret.', secret: true }),
  PARLEY_GITHUB_URL: setting(httpUrl, {
    default: 'https://github.com',
    expects: httpUrlExpects,
    about: 'Address of a GitHub Enterprise Server to sign in with.',
  }),
  // As it is written: an issuer may end with a slash.
  PARLEY_OIDC_ISSUER: setting(z.url({ protocol: /^https?$/ }).optional(), {
    expects: httpUrlExpects,
    about: 'Sign-in with any OpenID Connect provider: its issuer, such as `https://id.example.com/realms/team`.',
  }),
  PARLEY_OIDC_CLIENT_ID: setting(optionalText, { expects: 'a client id', about: 'The client registered there.' }),
  PARLEY_OIDC_CLIENT_SECRET: setting(optionalText, {
    expects: 'a client secret',
    about: 'Its secret; leave it out for a public client.',
    secret: true,
  }),
  PARLEY_OIDC_NAME: setting(z.string().max(60), {
    default: 'Single sign-on',
    expects: 'at most 60 characters',
    about: 'What the sign-in page calls it.',
  }),
  PARLEY_OIDC_SCOPES: setting(list, {
    expects: 'scopes separated by commas',
    about: 'What to ask it for. Default: `openid,profile,email`.',
  }),
  PARLEY_SIGN_IN_RULES: setting(optionalText, {
    expects: 'JSON',
    about:
      'Roles by claims, for the providers above: `{"oidc":{"rules":[{"claim":"groups","value":"admins","role":"admin"}],"defaultRole":"member"}}`.',
  }),
  PARLEY_SIGN_IN_TRUST_EMAIL: setting(list, {
    expects: 'names separated by commas',
    about:
      'Providers (`oidc`, `microsoft`) whose email addresses count as verified although they do not say so, separated by commas.',
  }),
  PARLEY_SIGN_IN_TRUST_MFA: setting(list, {
    expects: 'names separated by commas',
    about: 'Providers whose word that they asked for a second factor (`amr`) is taken, separated by commas.',
  }),
  PARLEY_SIGNUP_DOMAINS: setting(list, {
    expects: 'domains separated by commas',
    about:
      'Whoever has a verified address at one of these domains gets an account in the first workspace at the first sign-in through a provider; `*` means any.',
  }),
  PARLEY_SSO_OWNERS_KEEP_PASSWORD: setting(flag, {
    default: '1',
    expects: flagExpects,
    about: 'Owners may sign in with a password also where a workspace takes single sign-on only.',
  }),
  OPENAI_API_KEY: setting(optionalText, {
    expects: 'an API key',
    about: 'Key of OpenAI, or of what listens at `OPENAI_BASE_URL`. Connects it as a model provider.',
    secret: true,
  }),
  OPENAI_BASE_URL: setting(httpUrl.optional(), {
    expects: httpUrlExpects,
    about:
      'Anything that speaks the OpenAI protocol, such as Ollama at `http://localhost:11434/v1`; enough without a key. Default with a key: `https://api.openai.com/v1`.',
  }),
  ANTHROPIC_API_KEY: setting(optionalText, {
    expects: 'an API key',
    about: 'Key of Anthropic. Connects it as a model provider.',
    secret: true,
  }),
  ANTHROPIC_BASE_URL: setting(httpUrl.optional(), {
    expects: httpUrlExpects,
    about: 'Anything that speaks the Anthropic Messages protocol. Default with a key: `https://api.anthropic.com`.',
  }),
  PARLEY_DEFAULT_MODEL: setting(optionalText, {
    expects: 'a model',
    about: 'Model used when nobody chose one, as `<provider>/<model>`: `openai/gpt-5`. Default: Parley chooses.',
  }),
  PARLEY_MODEL_FIRST_TOKEN_SECONDS: wholeSetting(1, 3600, 60, 'How long a model may take to begin its answer.'),
  PARLEY_MODEL_BETWEEN_TOKENS_SECONDS: wholeSetting(1, 3600, 60, 'How long a model may pause within its answer.'),
  PARLEY_MODEL_RETRIES: wholeSetting(
    0,
    10,
    2,
    'How often a failed model call is tried again, if nothing of it was shown yet.',
  ),
  PARLEY_RUN_SECONDS: wholeSetting(10, 86_400, 600, 'How long a whole reply may take, tool calls included.'),
  PARLEY_MAX_STEPS: wholeSetting(1, 200, 25, 'Model calls within one reply at most.'),
  PARLEY_RUN_TOOL_CALLS: wholeSetting(1, 10_000, 200, 'Tool calls within one reply at most.'),
  PARLEY_RUN_COST_CENTS: wholeSetting(
    1,
    100_000_000,
    1_000,
    'What one reply may cost at most, in US cents; counts models whose price is known.',
  ),
  PARLEY_MODEL_PRICES: setting(modelPrices, {
    expects: 'models with their prices, such as ollama/llama3=0.1/0.1/0.3, separated by commas',
    about:
      'Prices that Parley does not know, in US dollars per million tokens of input, cached input and output: `<provider>/<model>=<input>/<cached>/<output>`, separated by commas.',
  }),
  PARLEY_TIME_ZONE: setting(timeZone, {
    default: 'UTC',
    expects: 'an IANA time zone such as Europe/Berlin',
    about: 'Where days and months of usage and budgets begin, unless the workspace chose another time zone.',
  }),
  PARLEY_INVOICE_ISSUER: setting(z.string().max(1_000).optional(), {
    expects: 'at most 1,000 characters',
    about:
      'Whose invoices they are: name, address and tax number, as they stand on each; in quotes, `\\n` begins a line. Default: the name of the workspace of whoever runs Parley.',
  }),
  STRIPE_SECRET_KEY: setting(optionalText, {
    expects: 'a secret key',
    about:
      'Has workspaces buy plans through Stripe: the secret key of your account. Needs `STRIPE_WEBHOOK_SECRET` beside it.',
    secret: true,
  }),
  STRIPE_WEBHOOK_SECRET: setting(optionalText, {
    expects: 'a signing secret',
    about:
      'Signing secret (`whsec_…`) of the webhook endpoint in Stripe that sends to `<PUBLIC_URL>/api/v1/billing/stripe-webhook`.',
    secret: true,
  }),
  STRIPE_BASE_URL: setting(httpUrl, {
    default: 'https://api.stripe.com',
    expects: httpUrlExpects,
    about: 'Anything that speaks Stripe’s protocol, to try payments out; its pages have to be at the same address.',
  }),
  PARLEY_CONFIG_FILE: setting(optionalText, {
    expects: 'a file',
    about: 'File that declares MCP servers under `mcpServers`. Default: `./parley.json`, if there is one.',
  }),
  PARLEY_TOOL_CALL_SECONDS: wholeSetting(1, 3600, 60, 'How long one tool call may take.'),
  PARLEY_TOOL_CONNECT_SECONDS: wholeSetting(1, 600, 15, 'How long an MCP server may take to connect.'),
  PARLEY_EGRESS_PROXY: setting(httpUrl.optional(), {
    expects: 'an address such as http://proxy.corp.example:3128',
    about:
      'HTTP proxy that all requests to public addresses go through, by `CONNECT`: `http://user:password@proxy.corp.example:3128`. Private addresses are reached directly. Default: none.',
    secret: true,
  }),
  PARLEY_EGRESS_ALLOW: setting(optionalText, {
    expects: 'hosts, addresses or networks separated by commas',
    about:
      'Private addresses that URLs given by people or models may reach: hosts (`*.corp.example`), addresses or networks (`10.0.0.0/8`), each with an optional `:port`, separated by commas; `*` allows everything. Default: none.',
  }),
  PARLEY_DRAIN_SECONDS: wholeSetting(
    0,
    600,
    20,
    'How long replies being written may go on after the server is told to stop; what is left is finished after the next start.',
  ),
  PARLEY_KEEP_ALIVE_SECONDS: wholeSetting(
    1,
    300,
    15,
    'Pause between keep-alive comments on event streams; shorter than the idle timeout of any proxy.',
  ),
  PARLEY_LOG_LEVEL: setting(z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']), {
    default: 'info',
    expects: 'trace, debug, info, warn, error, fatal or silent',
    about: 'Least important log lines that are written.',
  }),
  PARLEY_LOG_PRETTY: setting(flag.optional(), {
    expects: flagExpects,
    about: 'Log lines for people instead of JSON. Default: on in a terminal.',
  }),
}

export type SettingName = keyof typeof settings
export type Env = { [Name in SettingName]: z.output<(typeof settings)[Name]['schema']> }

/** Variables of our name space that others read: tests, the developer scripts. */
const otherNames = new Set(['PARLEY_TEST_DATABASE', 'PARLEY_BUILD'])

/**
 * Reads every setting. What is empty counts as not set. Never throws: each value that makes no sense is a problem that
 * says what it has to be, and each `PARLEY_` variable that does not exist is a warning with the name that was meant.
 */
export function readEnv(source: Record<string, string | undefined>): {
  env: Env
  problems: string[]
  warnings: string[]
} {
  const problems: string[] = []
  const env: Record<string, unknown> = {}
  for (const [name, { schema, default: fallback, expects, secret }] of Object.entries<Setting>(settings)) {
    const given = source[name]?.trim() || undefined
    const parsed = schema.safeParse(given ?? fallback)
    env[name] = parsed.success ? parsed.data : schema.safeParse(fallback).data
    if (parsed.success) continue
    const remedy = fallback === undefined ? 'Correct it or leave it out' : `Correct it, or leave it out for ${fallback}`
    problems.push(`${name} ${secret ? 'is not usable' : `is "${given}"`}: it has to be ${expects}. ${remedy}.`)
  }
  const names = Object.keys(settings)
  const warnings = Object.keys(source)
    .filter((name) => name.startsWith('PARLEY_') && !names.includes(name) && !otherNames.has(name))
    .map((name) => {
      const nearest = nearestName(name, names)
      return `${name} is not a setting and changes nothing.${nearest === undefined ? '' : ` Did you mean ${nearest}?`}`
    })
  return { env: env as Env, problems, warnings }
}

/** The process's environment over the `.env` file in `folder`, if there is one. */
export function environmentOf(folder: string, processEnv: NodeJS.ProcessEnv): Record<string, string | undefined> {
  let file: string
  try {
    file = readFileSync(join(folder, '.env'), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { ...processEnv }
    throw error
  }
  return { ...parseEnv(file), ...processEnv }
}
