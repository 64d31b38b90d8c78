import { createHash, randomUUID } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pino from 'pino'
import { type DatabaseHandle, type Migration, migrate, openDatabase } from '../platform/database/index.ts'
import { migrationChecksum } from '../platform/database/migrate.ts'
import { scratchDatabase } from './services.ts'

const log = pino({ level: 'silent' })

/** A database for tests, and how to be rid of it. */
export type TestDatabase = DatabaseHandle & {
  /** For `openDatabase`: the server's address, or nothing where the database is embedded. */
  url: string | undefined
  /** For `openDatabase`: holds the embedded database. */
  dataDir: string
  /** Closes and deletes it. */
  drop(): Promise<void>
}

/**
 * A migrated database that nobody else has, as fast as it gets: the embedded one without fsync, copied from a template
 * that is made once per PGlite version and set of migrations. With `PARLEY_TEST_DATABASE=postgres`, one on the server.
 */
export async function openTestDatabase(migrations: Migration[] = []): Promise<TestDatabase> {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-test-'))
  if (process.env.PARLEY_TEST_DATABASE === 'postgres') {
    const scratch = await scratchDatabase()
    const handle = await openDatabase({ url: scratch.url, dataDir, log })
    await migrate(handle, migrations)
    return {
      ...handle,
      url: scratch.url,
      dataDir,
      async drop() {
        await handle.close()
        await scratch.drop()
        rmSync(dataDir, { recursive: true, force: true })
      },
    }
  }
  await prepareTestDataDir(dataDir, migrations)
  const handle = await openQuickly(dataDir)
  return {
    ...handle,
    url: undefined,
    dataDir,
    async drop() {
      await handle.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** Puts a migrated embedded database into `dataDir`, for tests that start a whole server. Saves its first start. */
export async function prepareTestDataDir(dataDir: string, migrations: Migration[] = []): Promise<void> {
  mkdirSync(dataDir, { recursive: true })
  cpSync(await template(migrations), join(dataDir, 'database'), { recursive: true })
}

async function template(migrations: Migration[]): Promise<string> {
  const content = migrations.map((migration) => `${migration.name} ${migrationChecksum(migration)}`)
  const digest = createHash('sha256').update(content.join('\n')).digest('hex').slice(0, 16)
  const cache = join(cacheFolder(), `pglite-${pgliteVersion()}`)
  const ready = join(cache, digest)
  if (existsSync(ready)) return ready
  mkdirSync(cache, { recursive: true })
  const building = join(cache, `.building-${randomUUID()}`)
  if (migrations.length > 0) cpSync(await template([]), join(building, 'database'), { recursive: true })
  const handle = await openQuickly(building)
  await migrate(handle, migrations)
  await handle.close()
  try {
    renameSync(join(building, 'database'), ready)
  } catch (error) {
    // Another test process was quicker; its template is as good.
    if (!existsSync(ready)) throw error
  }
  rmSync(building, { recursive: true, force: true })
  return ready
}

/** Opens an embedded database that is there, without fsync; nobody else may have it open. */
export function openQuickly(dataDir: string): Promise<DatabaseHandle> {
  return openDatabase({ dataDir, log, embedded: { durable: false, checkpointMs: 0 } })
}

function cacheFolder(): string {
  const pglite = pglitePackage()
  return join(pglite.slice(0, pglite.lastIndexOf('node_modules')), 'node_modules/.cache/parley')
}

function pgliteVersion(): string {
  return JSON.parse(readFileSync(join(pglitePackage(), 'package.json'), 'utf8')).version
}

function pglitePackage(): string {
  return dirname(dirname(createRequire(import.meta.url).resolve('@electric-sql/pglite')))
}
