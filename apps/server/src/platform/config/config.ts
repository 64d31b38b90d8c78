import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { messageOf } from '../errors.ts'
import { readTls, type TlsFiles } from '../http/tls.ts'
import type { LoadLimits } from '../http/watch-load.ts'
import { type EgressAllow, parseEgressAllow } from '../net/egress-allow.ts'
import { type Env, environmentOf, type ModelPrice, readEnv, type SyslogTarget } from './env.ts'
import { type DeclaredMcpServer, readMcpFile } from './mcp-file.ts'
import { type Secrets, secretsFrom } from './secrets.ts'
import { readSignIn, type SignInConfig } from './sign-in.ts'

/** All settings, grouped and checked; nobody else reads the environment. Times are milliseconds. */
export interface Config {
  http: {
    host: string
    port: number
    /** No slash at its end. */
    publicUrl: string
    secureCookies: boolean
    trustedProxies: string[]
    /** Set where Parley speaks HTTPS itself. */
    tls?: TlsFiles | undefined
    maxConnections: { total: number; perAddress: number }
    overload: LoadLimits
    /** How long a request may take to arrive: its headers, a body of JSON, an upload. */
    arrival: { headersMs: number; bodyMs: number; uploadMs: number }
    /** Tests: an answer that is not as its endpoint says fails the request. */
    checkResponses: boolean
  }
  dataDir: string
  log: { level: string; pretty: boolean }
  database: { poolMax: number; prepare: boolean }
  redis: { answerWithinMs: number }
  identity: { signup: 'open' | 'invite' | 'closed'; adminEmail?: string | undefined; signIn: SignInConfig }
  mail: { from: { name: string; address: string } }
  usage: {
    /** Of workspaces that were given none, besides the operator's own. */
    defaultPlan: 'free' | 'pro' | 'enterprise'
    /** Requests a minute; 0: not limited. */
    perMinute: { person: number; expensive: number; address: number }
    /** Of workspaces that chose none. */
    timeZone: string
    maxToolCalls: number
    maxCostMicroUsd: number
    /** Name and address on invoices; undefined: the name of the operator's workspace. */
    invoiceIssuer: string | undefined
  }
  billing: { stripeUrl: string }
  models: {
    defaultModel?: string | undefined
    firstTokenMs: number
    betweenTokensMs: number
    runMs: number
    maxRetries: number
    /** By model: what the operator says it costs. */
    prices: ReadonlyMap<string, ModelPrice>
    environmentProviders: EnvironmentProvider[]
  }
  tools: { configFile: string; declared: DeclaredMcpServer[]; callTimeoutMs: number; connectTimeoutMs: number }
  chat: { leaseMs: number; heartbeatMs: number; maxSteps: number; drainMs: number; keepAliveMs: number }
  egress: { allow: EgressAllow }
  /** Where the operator has every audit log sent. */
  audit: { syslog?: SyslogTarget | undefined }
  version: string
}

/** A model provider that the operator set; its key is in `secrets.providerKeys`. */
export interface EnvironmentProvider {
  slug: string
  name: string
  protocol: 'openai' | 'anthropic'
  baseUrl: string
}

/** Every problem of the configuration at once, each with its remedy. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: string[]
  readonly warnings: string[]

  constructor(problems: string[], warnings: string[]) {
    super(`The configuration has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}.`)
    this.problems = problems
    this.warnings = warnings
  }
}

/**
 * Reads the environment, `.env` and parley.json.
 * @throws ConfigError with all problems
 */
export function loadConfig(options: { processEnv?: NodeJS.ProcessEnv; folder?: string } = {}): {
  config: Config
  secrets: Secrets
  warnings: string[]
} {
  const { processEnv = process.env, folder = process.cwd() } = options
  const source = environmentOf(folder, processEnv)
  const { env, problems, warnings } = readEnv(source)

  const egress = parseEgressAllow(env.PARLEY_EGRESS_ALLOW)
  const configFile = resolve(folder, env.PARLEY_CONFIG_FILE ?? 'parley.json')
  const mcp = readMcpFile(configFile, source, { required: env.PARLEY_CONFIG_FILE !== undefined })
  const signIn = readSignIn(env)
  problems.push(...egress.problems, ...mcp.problems, ...signIn.problems)
  warnings.push(...mcp.warnings)
  if ((env.PARLEY_ADMIN_EMAIL === undefined) !== (env.PARLEY_ADMIN_PASSWORD === undefined)) {
    problems.push('PARLEY_ADMIN_EMAIL and PARLEY_ADMIN_PASSWORD go together. Set both, or neither.')
  }
  if (env.SMTP_URL !== undefined && env.PARLEY_MAIL_FROM === undefined) {
    problems.push(
      'SMTP_URL needs PARLEY_MAIL_FROM beside it. Set it to whom mails come from: Parley <parley@example.com>.',
    )
  }
  if ((env.STRIPE_SECRET_KEY === undefined) !== (env.STRIPE_WEBHOOK_SECRET === undefined)) {
    problems.push(
      'STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET go together: without events nobody hears that a plan was paid. Set both, or neither.',
    )
  }
  const tls = tlsFiles(env, folder)
  if ((env.PARLEY_TLS_CERT_FILE === undefined) !== (env.PARLEY_TLS_KEY_FILE === undefined)) {
    problems.push('PARLEY_TLS_CERT_FILE and PARLEY_TLS_KEY_FILE go together. Set both, or neither.')
  }
  if (tls) problems.push(...tlsProblems(tls))
  if (tls && env.PUBLIC_URL?.startsWith('http:')) {
    problems.push('PUBLIC_URL begins with http://, while Parley speaks HTTPS. Let it begin with https://.')
  }
  if (problems.length > 0) throw new ConfigError(problems, warnings)

  const publicUrl = env.PUBLIC_URL ?? `${tls ? 'https' : 'http'}://localhost:${env.PORT}`
  const config: Config = {
    http: {
      host: env.HOST,
      port: env.PORT,
      publicUrl,
      secureCookies: env.PARLEY_SECURE_COOKIES ?? publicUrl.startsWith('https://'),
      trustedProxies: env.PARLEY_TRUSTED_PROXIES,
      tls,
      maxConnections: { total: env.PARLEY_MAX_CONNECTIONS, perAddress: env.PARLEY_MAX_CONNECTIONS_PER_ADDRESS },
      overload: { delayMs: env.PARLEY_OVERLOAD_DELAY_MS, requestsInFlight: env.PARLEY_MAX_REQUESTS_IN_FLIGHT },
      arrival: { headersMs: 15_000, bodyMs: 30_000, uploadMs: 300_000 },
      checkResponses: false,
    },
    dataDir: resolve(folder, env.PARLEY_DATA_DIR),
    log: { level: env.PARLEY_LOG_LEVEL, pretty: env.PARLEY_LOG_PRETTY ?? process.stdout.isTTY === true },
    database: { poolMax: env.PARLEY_DATABASE_POOL, prepare: env.PARLEY_DATABASE_PREPARE },
    redis: { answerWithinMs: env.PARLEY_REDIS_TIMEOUT_MS },
    identity: { signup: env.PARLEY_SIGNUP, adminEmail: env.PARLEY_ADMIN_EMAIL, signIn: signIn.config },
    mail: { from: env.PARLEY_MAIL_FROM ?? { name: 'Parley', address: 'parley@localhost' } },
    usage: {
      defaultPlan: env.PARLEY_DEFAULT_PLAN,
      perMinute: {
        person: env.PARLEY_REQUESTS_PER_MINUTE,
        expensive: env.PARLEY_EXPENSIVE_REQUESTS_PER_MINUTE,
        address: env.PARLEY_ADDRESS_REQUESTS_PER_MINUTE,
      },
      timeZone: env.PARLEY_TIME_ZONE,
      maxToolCalls: env.PARLEY_RUN_TOOL_CALLS,
      maxCostMicroUsd: env.PARLEY_RUN_COST_CENTS * 10_000,
      invoiceIssuer: env.PARLEY_INVOICE_ISSUER,
    },
    billing: { stripeUrl: env.STRIPE_BASE_URL },
    models: {
      defaultModel: env.PARLEY_DEFAULT_MODEL,
      firstTokenMs: env.PARLEY_MODEL_FIRST_TOKEN_SECONDS * 1000,
      betweenTokensMs: env.PARLEY_MODEL_BETWEEN_TOKENS_SECONDS * 1000,
      runMs: env.PARLEY_RUN_SECONDS * 1000,
      maxRetries: env.PARLEY_MODEL_RETRIES,
      prices: env.PARLEY_MODEL_PRICES,
      environmentProviders: environmentProviders(env),
    },
    tools: {
      configFile,
      declared: mcp.servers,
      callTimeoutMs: env.PARLEY_TOOL_CALL_SECONDS * 1000,
      connectTimeoutMs: env.PARLEY_TOOL_CONNECT_SECONDS * 1000,
    },
    chat: {
      leaseMs: 5_000,
      heartbeatMs: 1_000,
      maxSteps: env.PARLEY_MAX_STEPS,
      drainMs: env.PARLEY_DRAIN_SECONDS * 1000,
      keepAliveMs: env.PARLEY_KEEP_ALIVE_SECONDS * 1000,
    },
    egress: { allow: egress.allow },
    audit: { syslog: env.PARLEY_AUDIT_SYSLOG },
    version: ownVersion(),
  }
  return { config, secrets: secretsFrom(env), warnings }
}

function tlsProblems(files: TlsFiles): string[] {
  try {
    readTls(files)
    return []
  } catch (error) {
    return [messageOf(error)]
  }
}

function tlsFiles(env: Env, folder: string): TlsFiles | undefined {
  const { PARLEY_TLS_CERT_FILE: cert, PARLEY_TLS_KEY_FILE: key, PARLEY_TLS_MIN_VERSION: version } = env
  if (cert === undefined || key === undefined) return undefined
  return { certFile: resolve(folder, cert), keyFile: resolve(folder, key), minVersion: `TLSv${version}` }
}

/** An address alone is enough (Ollama needs no key); a key alone goes to the vendor's own address. */
function environmentProviders(env: Env): EnvironmentProvider[] {
  const providers: EnvironmentProvider[] = []
  if (env.OPENAI_API_KEY !== undefined || env.OPENAI_BASE_URL !== undefined) {
    const baseUrl = env.OPENAI_BASE_URL ?? 'https://api.openai.com/v1'
    const name = new URL(baseUrl).hostname === 'api.openai.com' ? 'OpenAI' : new URL(baseUrl).host
    providers.push({ slug: 'openai', name, protocol: 'openai', baseUrl })
  }
  if (env.ANTHROPIC_API_KEY !== undefined || env.ANTHROPIC_BASE_URL !== undefined) {
    const baseUrl = env.ANTHROPIC_BASE_URL ?? 'https://api.anthropic.com'
    const name = new URL(baseUrl).hostname === 'api.anthropic.com' ? 'Anthropic' : new URL(baseUrl).host
    providers.push({ slug: 'anthropic', name, protocol: 'anthropic', baseUrl })
  }
  return providers
}

function ownVersion(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
