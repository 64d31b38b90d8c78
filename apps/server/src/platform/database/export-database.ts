import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import pg from 'pg'
import { readMigrations, readSequences, readTables, type TableDescription, useExactText } from './catalogue.ts'
import { type Manifest, manifestFile, type Progress } from './export-format.ts'
import type { DatabaseHandle } from './open-database.ts'

const rowsPerBatch = 500

/**
 * Writes the whole database as files into `folder`, which is made and has to be empty: one moment's state, however long
 * it takes and whatever is written meanwhile. Memory stays bounded. Job queues are not part of it.
 */
export async function exportDatabase(handle: DatabaseHandle, folder: string, onProgress?: Progress): Promise<Manifest> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if ((await readdir(folder)).length > 0) throw new Error(`${folder} is not empty: give a new folder for the export`)
  const client = await handle.pool.connect()
  try {
    await client.query('begin isolation level repeatable read, read only')
    await useExactText(client)
    const manifest: Manifest = {
      format: 1,
      migrations: await readMigrations(client),
      tables: [],
      sequences: [],
    }
    for (const table of await readTables(client)) {
      manifest.tables.push(await exportTable(client, table, folder, onProgress))
    }
    for (const name of await readSequences(client)) {
      const { rows } = await client.query(
        `select last_value::text as "lastValue", is_called as "isCalled" from ${pg.escapeIdentifier(name)}`,
      )
      manifest.sequences.push({ name, ...rows[0] })
    }
    // Last, so that an export that was interrupted is not taken for one.
    await writeFile(join(folder, manifestFile), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600 })
    await client.query('commit')
    client.release()
    return manifest
  } catch (error) {
    client.release(true)
    throw error
  }
}

async function exportTable(
  client: pg.ClientBase,
  table: TableDescription,
  folder: string,
  onProgress: Progress | undefined,
): Promise<Manifest['tables'][number]> {
  const file = `${encodeURIComponent(table.name)}.jsonl`
  const columns = table.columns.map((column) => column.name)
  const hash = createHash('sha256')
  let rows = 0
  async function* lines() {
    for await (const batch of readRows(client, table)) {
      const text = batch.map((values) => `${JSON.stringify(Object.fromEntries(zip(columns, values)))}\n`).join('')
      hash.update(text)
      rows += batch.length
      onProgress?.({ table: table.name, rows })
      yield text
    }
  }
  await pipeline(lines, createWriteStream(join(folder, file), { flags: 'wx', mode: 0o600, flush: true }))
  return { name: table.name, file, columns, rows, sha256: hash.digest('hex') }
}

async function* readRows(client: pg.ClientBase, table: TableDescription): AsyncGenerator<(string | null)[][]> {
  const columns = table.columns.map((column) => `t.${pg.escapeIdentifier(column.name)}::text`)
  // By bytes, so that servers with other collations give the same order; a table without key is ordered by its rows.
  const key = table.primaryKey.map(
    (column) => `t.${pg.escapeIdentifier(column.name)}${column.collatable ? ' collate "C"' : ''}`,
  )
  const order = key.length > 0 ? key : ['t::text collate "C"']
  await client.query(
    `declare rows no scroll cursor for
     select ${columns.join(', ')} from public.${pg.escapeIdentifier(table.name)} t order by ${order.join(', ')}`,
  )
  while (true) {
    const { rows } = await client.query<(string | null)[]>({
      text: `fetch ${rowsPerBatch} from rows`,
      rowMode: 'array',
    })
    if (rows.length === 0) break
    yield rows
  }
  await client.query('close rows')
}

function zip<T>(names: string[], values: T[]): [string, T][] {
  return values.map((value, index) => [names[index] as string, value])
}
