import { existsSync } from 'node:fs'
import { access, constants, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { sql } from 'kysely'
import pino from 'pino'
import { examineHttps } from './doctor-https.ts'
import { migrations } from './migrations.ts'
import { type Config, ConfigError, loadConfig, type Secrets } from './platform/config/index.ts'
import { openKeyring } from './platform/crypto/index.ts'
import { type DatabaseHandle, openDatabase } from './platform/database/index.ts'
import { messageOf } from './platform/errors.ts'
import { checkSmtp } from './platform/mail/index.ts'
import { createEgress, egressFetch, type Fetch } from './platform/net/index.ts'
import { openRedis } from './platform/redis/index.ts'

/** What a look at one thing found. */
export interface Finding {
  check: string
  state: 'ok' | 'warning' | 'problem'
  detail: string
  remedy?: string
}

const enoughBytes = 1024 ** 3
const providerTimeoutMs = 5_000

/** Looks at everything that an installation needs, changes nothing, and says the remedy of each problem. 1: there are problems. */
export async function runDoctor({ json }: { json: boolean }): Promise<number> {
  const findings = await examine()
  if (json) {
    console.log(JSON.stringify({ findings }, null, 2))
  } else {
    const marks = { ok: 'ok     ', warning: 'warning', problem: 'PROBLEM' }
    for (const { check, state, detail, remedy } of findings) {
      console.log(`${marks[state]}  ${check}: ${detail}`)
      if (remedy !== undefined) console.log(`         -> ${remedy}`)
    }
  }
  return findings.some(({ state }) => state === 'problem') ? 1 : 0
}

async function examine(): Promise<Finding[]> {
  let loaded: ReturnType<typeof loadConfig>
  try {
    loaded = loadConfig()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map((detail) => ({ check: 'configuration', state: 'problem', detail }))
  }
  const { config, secrets, warnings } = loaded
  return [
    { check: 'configuration', state: 'ok', detail: `${config.tools.declared.length} MCP servers declared` },
    ...warnings.map((detail): Finding => ({ check: 'configuration', state: 'warning', detail })),
    ...examineHttps(config),
    ...(await examineFolder(config)),
    ...(await examineKeys(config, secrets)),
    ...(await examineDatabase(config, secrets)),
    await examineMail(config, secrets),
    ...(await examineRedis(config, secrets)),
    ...(await examineVendors(config, secrets)),
    examineWebApp(),
  ]
}

async function examineFolder({ dataDir }: Config): Promise<Finding[]> {
  if (!existsSync(dataDir)) {
    return [{ check: 'data folder', state: 'ok', detail: `${dataDir} will be made at the first start` }]
  }
  try {
    await access(dataDir, constants.R_OK | constants.W_OK | constants.X_OK)
  } catch {
    const remedy = `Let the user that runs Parley own it: chown -R $(whoami) ${dataDir}`
    return [{ check: 'data folder', state: 'problem', detail: `${dataDir} cannot be written`, remedy }]
  }
  const { bavail, bsize } = await statfs(dataDir)
  const free = bavail * bsize
  const detail = `${dataDir}, ${(free / 1024 ** 3).toFixed(1)} GiB free`
  if (free >= enoughBytes) return [{ check: 'data folder', state: 'ok', detail }]
  return [{ check: 'data folder', state: 'warning', detail, remedy: 'Free some space: a full disk stops all writes.' }]
}

async function examineKeys(config: Config, secrets: Secrets): Promise<Finding[]> {
  const check = 'keys'
  if (secrets.masterKey === undefined && !existsSync(join(config.dataDir, 'keys'))) {
    return [{ check, state: 'ok', detail: 'a master key will be made at the first start' }]
  }
  try {
    const { warnings } = await openKeyring(config.dataDir, { masterKey: secrets.masterKey })
    if (warnings.length > 0) return warnings.map((detail) => ({ check, state: 'warning', detail }))
    return [{ check, state: 'ok', detail: secrets.masterKey ? 'from PARLEY_MASTER_KEY' : 'from the data folder' }]
  } catch (error) {
    return [{ check, state: 'problem', detail: messageOf(error) }]
  }
}

async function examineDatabase(config: Config, secrets: Secrets): Promise<Finding[]> {
  const check = 'database'
  if (secrets.databaseUrl === undefined && !existsSync(join(config.dataDir, 'database'))) {
    return [{ check, state: 'ok', detail: 'embedded; it will be made at the first start' }]
  }
  let handle: DatabaseHandle
  try {
    handle = await openDatabase({
      dataDir: config.dataDir,
      log: pino({ level: 'silent' }),
      ...(secrets.databaseUrl === undefined ? {} : { url: secrets.databaseUrl }),
    })
  } catch (error) {
    return [{ check, state: 'problem', detail: messageOf(error) }]
  }
  try {
    return [await describeServer(handle), await describeMigrations(handle), await describeVectors(handle)]
  } finally {
    await handle.close()
  }
}

async function describeServer({ kind, db }: DatabaseHandle): Promise<Finding> {
  const { rows } = await sql<{ version: string; bytes: number }>`
    select current_setting('server_version') as version, pg_database_size(current_database()) as bytes`.execute(db)
  const { version, bytes } = rows[0]!
  const detail = `${kind === 'pglite' ? 'embedded' : 'server'}, PostgreSQL ${version}, ${(bytes / 1024 ** 2).toFixed(0)} MiB`
  return { check: 'database', state: 'ok', detail }
}

async function describeMigrations({ db }: DatabaseHandle): Promise<Finding> {
  const check = 'migrations'
  const { rows: tables } = await sql<{ present: boolean }>`
    select to_regclass('public.migrations') is not null as present`.execute(db)
  if (!tables[0]?.present) return { check, state: 'ok', detail: 'the database is new; the next start fills it' }
  const { rows } = await sql<{ name: string }>`select "name" from "migrations"`.execute(db)
  const applied = new Set(rows.map((row) => row.name))
  const pending = migrations.filter(({ name }) => !applied.has(name))
  if (pending.length === 0) return { check, state: 'ok', detail: `${rows.length} applied, none pending` }
  const remedy = 'The next start applies them. Export or back up before.'
  return { check, state: 'warning', detail: `pending: ${pending.map(({ name }) => name).join(', ')}`, remedy }
}

async function describeVectors({ db }: DatabaseHandle): Promise<Finding> {
  const { rows } = await sql`select 1 from pg_available_extensions where name = 'vector'`.execute(db)
  const detail = rows.length > 0 ? 'pgvector is available' : 'pgvector is not installed; nothing needs it yet'
  return { check: 'extensions', state: 'ok', detail }
}

async function examineMail({ identity }: Config, { smtpUrl }: Secrets): Promise<Finding> {
  const check = 'mail'
  if (smtpUrl === undefined) {
    const detail = 'none is sent; mails are written to outbox in the data folder'
    if (identity.signup !== 'open') return { check, state: 'ok', detail }
    const remedy =
      'Set SMTP_URL and PARLEY_MAIL_FROM: sign-up is open, and nobody has to prove that an address is theirs.'
    return { check, state: 'warning', detail, remedy }
  }
  const { host } = new URL(smtpUrl)
  const problem = await checkSmtp(smtpUrl)
  if (problem === undefined) return { check, state: 'ok', detail: `${host} answers, and takes the user and password` }
  return { check, state: 'problem', detail: `${host}: ${problem.detail}`, remedy: problem.remedy }
}

async function examineRedis(config: Config, secrets: Secrets): Promise<Finding[]> {
  const check = 'Redis'
  if (secrets.redisUrl === undefined) {
    return [{ check, state: 'ok', detail: 'not configured; one process needs none, and counts limits by itself' }]
  }
  const redis = await openRedis(secrets.redisUrl, config.redis.answerWithinMs, pino({ level: 'silent' }))
  const answers = await redis.answers()
  await redis.close()
  if (answers) return [{ check, state: 'ok', detail: 'answers; limits are counted there, for all processes together' }]
  const detail = `does not answer within ${config.redis.answerWithinMs} ms; each process counts limits for itself`
  return [{ check, state: 'warning', detail, remedy: 'Check REDIS_URL, and that this machine can reach it.' }]
}

/** Those that Parley asks over HTTP, in the way it would. */
async function examineVendors(config: Config, secrets: Secrets): Promise<Finding[]> {
  const egress = createEgress({
    allow: config.egress.allow,
    proxy: secrets.egressProxy === undefined ? undefined : new URL(secrets.egressProxy),
  })
  const fetch = egressFetch(egress.trusted)
  const findings = [...(await examineProviders(config, secrets, fetch)), await examinePayments(config, secrets, fetch)]
  await egress.close()
  return findings
}

async function examineProviders(config: Config, secrets: Secrets, fetch: Fetch): Promise<Finding[]> {
  const { environmentProviders } = config.models
  if (environmentProviders.length === 0) {
    const detail = 'none in the environment; connect one in the web app, or set OPENAI_API_KEY or ANTHROPIC_API_KEY'
    return [{ check: 'models', state: 'ok', detail }]
  }
  return Promise.all(
    environmentProviders.map(async ({ slug, name, protocol, baseUrl }): Promise<Finding> => {
      const check = `model provider ${name}`
      const key = secrets.providerKeys[slug]
      const url = protocol === 'anthropic' ? `${baseUrl.replace(/\/v1$/, '')}/v1/models` : `${baseUrl}/models`
      const headers: Record<string, string> =
        protocol === 'anthropic'
          ? { 'x-api-key': key ?? '', 'anthropic-version': '2023-06-01' }
          : key === undefined
            ? {}
            : { authorization: `Bearer ${key}` }
      try {
        const answer = await fetch(url, { headers, signal: AbortSignal.timeout(providerTimeoutMs) })
        if (answer.ok) return { check, state: 'ok', detail: `${baseUrl} answers` }
        const remedy = [401, 403].includes(answer.status) ? 'Check the API key.' : 'Check the address.'
        return { check, state: 'problem', detail: `${baseUrl} answers with status ${answer.status}`, remedy }
      } catch (error) {
        const remedy = 'Check the address, and that this machine can reach it.'
        return { check, state: 'problem', detail: `${baseUrl} does not answer: ${messageOf(error)}`, remedy }
      }
    }),
  )
}

async function examinePayments({ billing }: Config, { stripeSecretKey }: Secrets, fetch: Fetch): Promise<Finding> {
  const check = 'payments'
  if (stripeSecretKey === undefined) return { check, state: 'ok', detail: 'not configured; plans cannot be bought' }
  const headers = { authorization: `Bearer ${stripeSecretKey}` }
  try {
    const signal = AbortSignal.timeout(providerTimeoutMs)
    const answer = await fetch(`${billing.stripeUrl}/v1/prices?limit=1`, { headers, signal })
    if (answer.ok) return { check, state: 'ok', detail: `${billing.stripeUrl} answers, and takes the key` }
    const remedy = [401, 403].includes(answer.status) ? 'Check STRIPE_SECRET_KEY.' : 'Try again later.'
    return { check, state: 'problem', detail: `${billing.stripeUrl} answers with status ${answer.status}`, remedy }
  } catch (error) {
    const remedy = 'Check STRIPE_BASE_URL, and that this machine can reach it.'
    return { check, state: 'problem', detail: `${billing.stripeUrl} does not answer: ${messageOf(error)}`, remedy }
  }
}

function examineWebApp(): Finding {
  const built = existsSync(fileURLToPath(new URL('../../web/dist/index.html', import.meta.url)))
  if (built) return { check: 'web app', state: 'ok', detail: 'built' }
  return { check: 'web app', state: 'warning', detail: 'not built', remedy: 'npm start builds it.' }
}
