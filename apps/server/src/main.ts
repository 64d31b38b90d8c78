import { buildServer, type Server } from './build.ts'
import { ensureSetup } from './modules/identity/index.ts'
import { type Config, ConfigError, loadConfig, type Secrets } from './platform/config/index.ts'
import { messageOf } from './platform/errors.ts'
import { createLog } from './platform/telemetry/index.ts'

/** EX_CONFIG of sysexits.h. */
const configurationExit = 78

const { config, secrets, warnings } = readConfig()
const log = createLog(config, secrets)
for (const warning of warnings) log.warn(warning)
process.on('uncaughtException', (error) => die(error))
process.on('unhandledRejection', (error) => die(error))

const server = await start(config, secrets)

let ending = false
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    if (ending) process.exit(130)
    ending = true
    end(signal).catch(die)
  })
}

// Where there is no certificate to take up, it ends the process, as it does when a terminal is closed.
if (config.http.tls) process.on('SIGHUP', () => server.http.reloadCertificate())

async function start(config: Config, secrets: Secrets): Promise<Server> {
  log.info(
    `Parley ${config.version} is starting; its data is in ${secrets.databaseUrl ? 'PostgreSQL' : config.dataDir}.`,
  )
  try {
    const server = await buildServer(config, secrets, { log })
    const { setupUrl } = await ensureSetup(server.platform)
    const url = await server.start()
    const seconds = (performance.now() / 1000).toFixed(1)
    log.info({ listening: url }, `Ready after ${seconds} s: ${config.http.publicUrl}`)
    // Not through the log, which keeps no secrets.
    if (setupUrl)
      process.stdout.write(`\n  Nobody has signed up yet. Open this link to become the owner:\n\n  ${setupUrl}\n\n`)
    return server
  } catch (error) {
    log.fatal(startProblem(error, config))
    if (log.isLevelEnabled('debug')) log.debug({ err: error }, 'What happened')
    process.exit(1)
  }
}

/** Lets running replies end, then everything else; what is not done in time goes on after the next start. */
async function end(signal: string): Promise<void> {
  log.info(`${signal}: finishing what runs, for ${config.chat.drainMs / 1000} s at most. Again to stop at once.`)
  await server.drain()
  await server.close()
  log.info('Stopped.')
  process.exit(0)
}

function readConfig() {
  try {
    return loadConfig()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.message}\n${error.problems.map((problem) => `  - ${problem}\n`).join('')}`)
    for (const warning of error.warnings) process.stderr.write(`  (also: ${warning})\n`)
    process.exit(configurationExit)
  }
}

function startProblem(error: unknown, { http: { host, port } }: Config): string {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'EADDRINUSE') {
    return `Port ${port} is taken, perhaps by another Parley. Stop that, or choose another port: PORT=${port + 1} npm start`
  }
  if (code === 'EACCES') return `Port ${port} may not be used by this user. Choose one above 1023 with PORT.`
  if (code === 'EADDRNOTAVAIL') return `${host} is not an address of this machine. Correct HOST.`
  return `Parley cannot start: ${messageOf(error)}`
}

function die(error: unknown): never {
  log.fatal({ err: error }, 'An error nobody expected; the process ends.')
  process.exit(1)
}
