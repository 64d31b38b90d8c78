import { parseArgs } from 'node:util'
import { runDoctor } from './doctor.ts'
import { migrations, seededTables } from './migrations.ts'
import { rotateTokenKeys } from './modules/identity/index.ts'
import { createLocalBus } from './platform/bus/index.ts'
import { ConfigError, loadConfig } from './platform/config/index.ts'
import { systemClock } from './platform/context.ts'
import { openKeyring } from './platform/crypto/index.ts'
import {
  type DatabaseHandle,
  exportDatabase,
  importDatabase,
  migrate,
  openDatabase,
} from './platform/database/index.ts'
import { messageOf } from './platform/errors.ts'
import { createLog } from './platform/telemetry/index.ts'

const help = `Usage: npm run parley -- <command>

  doctor [--json]   say what is wrong with this installation, and what to do about it
  export <folder>   write the whole database as files; the folder must not exist or be empty
  import <folder>   read them into an empty database: a new data folder, or the server at DATABASE_URL
  keys rotate       give access tokens a new signing key, which is published at once and signs in ten minutes;
                    with --now it signs from now on, and the old keys and all access tokens end

Stop the server first when it uses the embedded database: only one process can have it open.
`

/** Runs one command; answers the exit code. */
async function runCommand(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: 'boolean' }, now: { type: 'boolean' } },
  })
  const [command, folder, ...rest] = positionals
  if (command === 'doctor' && folder === undefined) return runDoctor({ json: values.json === true })
  if ((command === 'export' || command === 'import') && folder !== undefined && rest.length === 0) {
    return command === 'export' ? moveData(folder, exportDatabase) : moveData(folder, importDatabase)
  }
  if (command === 'keys' && folder === 'rotate' && rest.length === 0) return rotateKeys(values.now === true)
  process.stdout.write(help)
  return command === undefined || command === 'help' ? 0 : 2
}

function moveData(folder: string, move: typeof exportDatabase | typeof importDatabase): Promise<number> {
  return withDatabase(async (handle) => {
    await move(handle, folder, ({ table, rows }) => console.log(`  ${table}: ${rows} rows`), seededTables)
    console.log(`Done: ${folder}`)
  })
}

function rotateKeys(atOnce: boolean): Promise<number> {
  return withDatabase(async ({ db }, { config, secrets }) => {
    const keyring = await openKeyring(config.dataDir, secrets)
    const platform = { db, keyring, clock: systemClock, bus: createLocalBus(console.error) }
    const { id, signsFrom } = await rotateTokenKeys(platform, { atOnce })
    console.log(`Key ${id} ${atOnce ? 'signs' : `is published, and signs from ${signsFrom.toISOString()} on`}.`)
    if (atOnce) console.log('The old keys have ended. Servers that run notice it within a minute.')
  })
}

/** Opens the database, brings it up to date, and closes it after `work`. */
async function withDatabase(
  work: (handle: DatabaseHandle, loaded: ReturnType<typeof loadConfig>) => Promise<void>,
): Promise<number> {
  const loaded = loadConfig()
  const { config, secrets } = loaded
  const log = createLog({ ...config, log: { ...config.log, level: 'warn' } }, secrets)
  const handle = await openDatabase({
    dataDir: config.dataDir,
    log,
    ...(secrets.databaseUrl === undefined ? {} : { url: secrets.databaseUrl }),
  })
  try {
    await migrate(handle, migrations)
    await work(handle, loaded)
    return 0
  } finally {
    await handle.close()
  }
}

try {
  process.exitCode = await runCommand(process.argv.slice(2))
} catch (error) {
  const problems = error instanceof ConfigError ? error.problems : [messageOf(error)]
  for (const problem of problems) console.error(problem)
  process.exitCode = 1
}
