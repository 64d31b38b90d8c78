import { parseArgs } from 'node:util'
import { runDoctor } from './doctor.ts'
import { migrations, seededTables } from './migrations.ts'
import { ConfigError, loadConfig } from './platform/config/index.ts'
import { exportDatabase, importDatabase, migrate, openDatabase } from './platform/database/index.ts'
import { messageOf } from './platform/errors.ts'
import { createLog } from './platform/telemetry/index.ts'

const help = `Usage: npm run parley -- <command>

  doctor [--json]   say what is wrong with this installation, and what to do about it
  export <folder>   write the whole database as files; the folder must not exist or be empty
  import <folder>   read them into an empty database: a new data folder, or the server at DATABASE_URL

Stop the server first when it uses the embedded database: only one process can have it open.
`

/** Runs one command; answers the exit code. */
async function runCommand(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options: { json: { type: 'boolean' } } })
  const [command, folder, ...rest] = positionals
  if (command === 'doctor' && folder === undefined) return runDoctor({ json: values.json === true })
  if ((command === 'export' || command === 'import') && folder !== undefined && rest.length === 0) {
    return command === 'export' ? moveData(folder, exportDatabase) : moveData(folder, importDatabase)
  }
  process.stdout.write(help)
  return command === undefined || command === 'help' ? 0 : 2
}

async function moveData(folder: string, move: typeof exportDatabase | typeof importDatabase): Promise<number> {
  const { config, secrets } = loadConfig()
  const log = createLog({ ...config, log: { ...config.log, level: 'warn' } }, secrets)
  const handle = await openDatabase({
    dataDir: config.dataDir,
    log,
    ...(secrets.databaseUrl === undefined ? {} : { url: secrets.databaseUrl }),
  })
  try {
    await migrate(handle, migrations)
    await move(handle, folder, ({ table, rows }) => console.log(`  ${table}: ${rows} rows`), seededTables)
    console.log(`Done: ${folder}`)
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
