import { userInfo } from 'node:os'
import { parseArgs } from 'node:util'
import type { AuditAction } from '@parley/contract'
import { runDoctor } from './doctor.ts'
import { migrations, seededTables } from './migrations.ts'
import { rotateTokenKeys } from './modules/identity/index.ts'
import { type AuditSubject, audit } from './platform/audit/index.ts'
import { createLocalBus } from './platform/bus/index.ts'
import { ConfigError, loadConfig } from './platform/config/index.ts'
import { systemClock } from './platform/context.ts'
import { hasMasterKey, openKeyring } from './platform/crypto/index.ts'
import {
  type DatabaseHandle,
  exportDatabase,
  importDatabase,
  migrate,
  openDatabase,
} from './platform/database/index.ts'
import { messageOf } from './platform/errors.ts'
import { createLog } from './platform/telemetry/index.ts'
import { verifyAudit } from './verify-audit.ts'

const help = `Usage: npm run parley -- <command>

  doctor [--json]   say what is wrong with this installation, and what to do about it
  export <folder>   write the whole database as files; the folder must not exist or be empty
  import <folder>   read them into an empty database: a new data folder, or the server at DATABASE_URL
  audit verify [--file <export.jsonl>] [--anchor <text>]… [--json]
                    say which entries of the audit log were changed, moved, added or removed; exit code 1 if any were.
                    Without a file it looks at the database; an anchor is a place that was kept elsewhere
  keys rotate       give access tokens a new signing key, which is published at once and signs in ten minutes;
                    with --now it signs from now on, and the old keys and all access tokens end

Stop the server first when it uses the embedded database: only one process can have it open.
`

/** Runs one command; answers the exit code. */
async function runCommand(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      json: { type: 'boolean' },
      now: { type: 'boolean' },
      file: { type: 'string' },
      anchor: { type: 'string', multiple: true },
    },
  })
  const [command, folder, ...rest] = positionals
  if (command === 'doctor' && folder === undefined) return runDoctor({ json: values.json === true })
  if ((command === 'export' || command === 'import') && folder !== undefined && rest.length === 0) {
    return command === 'export' ? moveData(folder, exportDatabase) : moveData(folder, importDatabase)
  }
  if (command === 'audit' && folder === 'verify' && rest.length === 0) {
    return verifyAudit({ file: values.file, anchors: values.anchor ?? [], json: values.json === true })
  }
  if (command === 'keys' && folder === 'rotate' && rest.length === 0) return rotateKeys(values.now === true)
  process.stdout.write(help)
  return command === undefined || command === 'help' ? 0 : 2
}

function moveData(folder: string, move: typeof exportDatabase | typeof importDatabase): Promise<number> {
  return withDatabase(async (handle, loaded) => {
    const moved = { tables: 0, rows: 0 }
    await move(
      handle,
      folder,
      ({ table, rows }) => {
        moved.tables++
        moved.rows += rows
        console.log(`  ${table}: ${rows} rows`)
      },
      seededTables,
    )
    await auditCommand(handle, loaded, move === exportDatabase ? 'database.exported' : 'database.imported', moved)
    console.log(`Done: ${folder}`)
  })
}

function rotateKeys(atOnce: boolean): Promise<number> {
  return withDatabase(async (handle, loaded) => {
    const { db } = handle
    const { config, secrets } = loaded
    const keyring = await openKeyring(config.dataDir, secrets)
    const platform = { db, keyring, clock: systemClock, bus: createLocalBus(console.error) }
    const { id, signsFrom } = await rotateTokenKeys(platform, { atOnce })
    await auditCommand(handle, loaded, 'token-key.rotated', { signsFrom, atOnce }, { kind: 'token-key', id })
    console.log(`Key ${id} ${atOnce ? 'signs' : `is published, and signs from ${signsFrom.toISOString()} on`}.`)
    if (atOnce) console.log('The old keys have ended. Servers that run notice it within a minute.')
  })
}

/** Whoever can run commands here is the operator: the log of the installation says what was done. */
async function auditCommand(
  { db }: DatabaseHandle,
  { config, secrets }: ReturnType<typeof loadConfig>,
  action: AuditAction,
  after: object,
  subject: AuditSubject = { kind: 'database' },
): Promise<void> {
  if (!hasMasterKey(config.dataDir, secrets)) {
    // A key made now would not be the one that the data is sealed with.
    console.log('The key of the server is not here yet: the audit log does not say that this was done.')
    return
  }
  const keyring = await openKeyring(config.dataDir, secrets)
  const bus = createLocalBus(console.error)
  const by = { kind: 'command', credentialId: userInfo().username } as const
  await audit({ db, keyring, bus, clock: systemClock }, { action, subject, after, workspaces: 'installation', by })
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
