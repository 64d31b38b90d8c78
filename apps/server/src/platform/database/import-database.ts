import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { StringDecoder } from 'node:string_decoder'
import { isDeepStrictEqual } from 'node:util'
import pg from 'pg'
import { readForeignKeys, readMigrations, readTables, type TableDescription, useExactText } from './catalogue.ts'
import { type Manifest, manifestFile, manifestSchema, type Progress } from './export-format.ts'
import type { DatabaseHandle } from './open-database.ts'

const rowsPerBatch = 500
const charactersPerBatch = 4 * 1024 * 1024

/**
 * Fills an empty, migrated database from an export. All or nothing: a file that is damaged or incomplete, and a row
 * that breaks a constraint, leave the database as it was. What migrations put into the tables `seeded` gives way.
 * @throws Error: not an export, other migrations than the export's, rows already there, a damaged file
 */
export async function importDatabase(
  handle: DatabaseHandle,
  folder: string,
  onProgress?: Progress,
  seeded: readonly string[] = [],
): Promise<Manifest> {
  const manifest = await readManifest(folder)
  const client = await handle.pool.connect()
  try {
    await client.query('begin')
    await useExactText(client)
    const tables = await readTables(client)
    await requireSameMigrations(client, manifest)
    requireSameTables(tables, manifest)
    await requireEmpty(
      client,
      tables.filter(({ name }) => !seeded.includes(name)),
    )

    // References are taken off and put back at the end, which checks them all: rows may then come in any order, and
    // tables may refer to themselves and to each other. Triggers of ours have already done their work on these rows.
    const foreignKeys = await readForeignKeys(client)
    for (const { table, name } of foreignKeys) {
      await client.query(`alter table ${table} drop constraint ${pg.escapeIdentifier(name)}`)
    }
    for (const table of tables) await client.query(`alter table ${qualified(table)} disable trigger user`)
    for (const name of seeded) await client.query(`delete from ${pg.escapeIdentifier(name)}`)
    for (const table of tables) await importTable(client, table, folder, manifest, onProgress)
    for (const table of tables) await client.query(`alter table ${qualified(table)} enable trigger user`)
    for (const { table, name, definition } of foreignKeys) {
      await client.query(`alter table ${table} add constraint ${pg.escapeIdentifier(name)} ${definition}`)
    }
    for (const { name, lastValue, isCalled } of manifest.sequences) {
      await client.query('select setval($1::regclass, $2::bigint, $3)', [
        pg.escapeIdentifier(name),
        lastValue,
        isCalled,
      ])
    }
    await client.query('commit')
    await client.query('analyze')
    client.release()
    return manifest
  } catch (error) {
    client.release(true)
    throw error
  }
}

async function readManifest(folder: string): Promise<Manifest> {
  const path = join(folder, manifestFile)
  try {
    return manifestSchema.parse(JSON.parse(await readFile(path, 'utf8')))
  } catch (cause) {
    throw new Error(`${folder} is not a whole export: ${path} is missing or cannot be read`, { cause })
  }
}

async function requireSameMigrations(client: pg.ClientBase, manifest: Manifest): Promise<void> {
  const { rows } = await client.query(`select to_regclass('public.migrations') is not null as migrated`)
  const migrations = rows[0].migrated ? await readMigrations(client) : []
  if (isDeepStrictEqual(migrations, manifest.migrations)) return
  const here = new Set(migrations.map(({ name }) => name))
  const there = new Set(manifest.migrations.map(({ name }) => name))
  const missing = [...there].filter((name) => !here.has(name))
  const extra = [...here].filter((name) => !there.has(name))
  throw new Error(
    'the export comes from another release: import it with the release that wrote it. ' +
      `Migrations missing here: ${missing.join(', ') || 'none'}; only here: ${extra.join(', ') || 'none'}`,
  )
}

function requireSameTables(tables: TableDescription[], manifest: Manifest): void {
  const shape = (all: { name: string; columns: string[] }[]) =>
    Object.fromEntries(all.map(({ name, columns }) => [name, [...columns].sort()]))
  const here = shape(tables.map(({ name, columns }) => ({ name, columns: columns.map((column) => column.name) })))
  if (!isDeepStrictEqual(here, shape(manifest.tables))) {
    throw new Error('the tables of this database are not those of the export')
  }
}

async function requireEmpty(client: pg.ClientBase, tables: TableDescription[]): Promise<void> {
  for (const table of tables) {
    await client.query(`lock table ${qualified(table)} in access exclusive mode`)
    const { rows } = await client.query(`select exists (select from ${qualified(table)}) as filled`)
    if (rows[0].filled) {
      throw new Error(`the database is not empty: table ${table.name} has rows. Import into a new database`)
    }
  }
}

async function importTable(
  client: pg.ClientBase,
  table: TableDescription,
  folder: string,
  manifest: Manifest,
  onProgress: Progress | undefined,
): Promise<void> {
  const expected = manifest.tables.find(({ name }) => name === table.name)
  if (expected === undefined) throw new Error(`the export has no table ${table.name}`)
  const insert = insertStatement(table)
  const file = join(folder, basename(expected.file))
  const hash = createHash('sha256')
  let rows = 0
  for await (const batch of readBatches(file, hash)) {
    await client.query(insert, [`[${batch.join(',')}]`])
    rows += batch.length
    onProgress?.({ table: table.name, rows })
  }
  if (rows !== expected.rows || hash.digest('hex') !== expected.sha256) {
    throw new Error(`${file} is damaged or incomplete: its content is not what ${manifestFile} says`)
  }
}

/** One parameter: a JSON array of rows. */
function insertStatement(table: TableDescription): string {
  const names = table.columns.map((column) => pg.escapeIdentifier(column.name))
  const values = table.columns.map((column, index) => `r.${names[index]}::${column.type}`)
  const record = names.map((name) => `${name} text`)
  return `insert into ${qualified(table)} (${names.join(', ')}) overriding system value
    select ${values.join(', ')} from json_to_recordset($1::json) as r(${record.join(', ')})`
}

/** Lines end in \n alone; node:readline would also end them at U+2028, which JSON leaves as it is. */
async function* readBatches(file: string, hash: Hash): AsyncGenerator<string[]> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  let batch: string[] = []
  let characters = 0
  for await (const chunk of createReadStream(file)) {
    hash.update(chunk)
    const lines = (rest + decoder.write(chunk)).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      batch.push(line)
      characters += line.length
      if (batch.length < rowsPerBatch && characters < charactersPerBatch) continue
      yield batch
      batch = []
      characters = 0
    }
  }
  if (batch.length > 0) yield batch
}

function qualified(table: TableDescription): string {
  return `public.${pg.escapeIdentifier(table.name)}`
}
