import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { vector } from '@electric-sql/pglite-pgvector'
import { DurableNodeFS, syncPath } from './pglite-durable-fs.ts'

/** Loading pgvector costs about 10 ms, and a folder that uses it does not open without it: so it is always there. */
const extensions = { vector }

/** Smaller log segments than PostgreSQL's 16 MB: a new database is 30 MB, and a copy of it is quicker. */
const initDbStartParams = ['--wal-segsize=4']

/** PGlite's parameters with fsync on. `fdatasync`, the default, never reaches the host; `fsync` does. */
const durableParams = [
  ...PGlite.defaultStartParams.filter((param) => param !== '-F'),
  ...['-c', 'fsync=on'],
  ...['-c', 'wal_sync_method=fsync'],
]

/** Opens the database in `folder`, making it first where there is none. The caller holds the folder's lock. */
export async function startPglite(folder: string, files = new DurableNodeFS(folder)): Promise<PGlite> {
  await prepareFolder(folder)
  return PGlite.create({ fs: files, extensions, startParams: durableParams })
}

/** For tests: no fsync, so a loss of power may lose everything. */
export async function startFastPglite(folder: string): Promise<PGlite> {
  await prepareFolder(folder)
  return PGlite.create({ dataDir: folder, extensions })
}

async function prepareFolder(folder: string): Promise<void> {
  if (!existsSync(join(folder, 'PG_VERSION'))) await createFolder(folder)
  // PostgreSQL refuses to start over one that a loss of power left empty. Our own lock has decided that we may.
  rmSync(join(folder, 'postmaster.pid'), { force: true })
}

/** Makes the database beside its place and moves it there when it is whole and on the disk. */
async function createFolder(folder: string): Promise<void> {
  if (existsSync(folder) && readdirSync(folder).length > 0) {
    throw new Error(`${folder} holds files but no database: move them away, or put a copy of the database there`)
  }
  const partial = `${folder}.partial`
  rmSync(partial, { recursive: true, force: true })
  mkdirSync(partial, { recursive: true, mode: 0o700 })
  const pg = await PGlite.create({ dataDir: partial, initDbStartParams })
  await pg.exec('checkpoint')
  await pg.close()
  for (const entry of readdirSync(partial, { recursive: true, withFileTypes: true })) {
    syncPath(join(entry.parentPath, entry.name))
  }
  syncPath(partial)
  rmSync(folder, { recursive: true, force: true })
  renameSync(partial, folder)
  syncPath(dirname(folder))
}
