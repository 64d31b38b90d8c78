import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../testing/database.ts'
import { describeWithPostgres, scratchDatabase } from '../../testing/services.ts'
import { exportDatabase } from './export-database.ts'
import { importDatabase } from './import-database.ts'
import { type Migration, migrate } from './migrate.ts'
import { openDatabase } from './open-database.ts'

const migrations: Migration[] = [
  {
    name: 'everything-0001',
    up: `
      create table "trees" (
        "id" uuid primary key, "title" text not null, "activeLeafId" uuid,
        "shout" text generated always as (upper("title")) stored
      );
      create table "leaves" (
        "id" uuid primary key, "treeId" uuid not null references "trees" on delete cascade,
        "parentId" uuid references "leaves", "parts" jsonb not null, "at" timestamptz not null
      );
      alter table "trees" add constraint "trees_leaf" foreign key ("activeLeafId") references "leaves";
      create table "values" (
        "key" text, "number" bigint generated always as identity, "exact" numeric, "float" double precision,
        "bytes" bytea, "texts" text[], "span" interval, "day" date, "flag" boolean, "json" json, "short" varchar(5),
        "nothing" text, primary key ("key", "number")
      );
      create table "empty" ("id" uuid primary key);
      create function refuse() returns trigger language plpgsql as $$ begin raise 'not by import'; end $$;
      create table "guarded" ("n" int);
      insert into "guarded" values (3), (1), (2);
      create trigger guard before insert on "guarded" for each row execute function refuse();`,
  },
]
// The rows of the migration are in the export, and an import wants empty tables.
const emptied = 'alter table guarded disable trigger user; delete from guarded; alter table guarded enable trigger user'

const folder = mkdtempSync(join(tmpdir(), 'parley-export-'))
const log = pino({ level: 'silent' })
let source: TestDatabase

beforeAll(async () => {
  source = await openTestDatabase(migrations)
  await source.pool.query(`
    insert into trees (id, title) select ('00000000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'Tree ' || n
      from generate_series(1, 1200) n order by random();
    insert into leaves select t.id, t.id, null, '{"a": 1.10, "b": ["x", null, "line\\nbreak \u2028 \\\\ quote\\" ä 🌳"]}', '2026-01-02 03:04:05.123456+00'
      from trees t;
    insert into leaves values ('ffffffff-0000-7000-8000-000000000000', '00000000-0000-7000-8000-000000000001',
      '00000000-0000-7000-8000-000000000001', '[]', '1900-01-01 00:00:00+05');
    update trees set "activeLeafId" = id;
    insert into values (key, exact, float, bytes, texts, span, day, flag, json, short) values
      ('b', 123456789012345678901234567890.000100, 0.1, '\\x00ff27', array['a,b', null, '"', ''], '1 year 2 days 03:00:00.5', '0044-03-15 BC', true, '{"k":  1}', 'äöü'),
      ('B', 'NaN', '-Infinity', '\\x', '{}', '-1 day', '9999-12-31', false, 'null', ''),
      ('ä', null, null, null, null, null, null, null, null, null)`)
  await exportDatabase(source, join(folder, 'first'))
})

afterAll(async () => {
  await source.drop()
  rmSync(folder, { recursive: true, force: true })
})

/** Each file's content. */
function filesOf(name: string): Record<string, string> {
  const files = readdirSync(join(folder, name)).sort()
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(folder, name, file), 'utf8')]))
}

describe('export and import', () => {
  test('the export holds every row and says how many', () => {
    const files = filesOf('first')
    const manifest = JSON.parse(readFileSync(join(folder, 'first', 'manifest.json'), 'utf8'))
    const counts = Object.fromEntries(
      manifest.tables.map((table: { name: string; rows: number }) => [table.name, table.rows]),
    )
    expect(counts).toEqual({ empty: 0, guarded: 3, leaves: 1201, trees: 1200, values: 3 })
    expect(files['leaves.jsonl']).toContain('2026-01-02 03:04:05.123456+00')
    expect(files['trees.jsonl']).not.toContain('shout')
  })

  test('a round trip through another embedded database is identical, and the database works on', async () => {
    const target = await openTestDatabase(migrations)
    await importDatabase(target, join(folder, 'first'), undefined, ['guarded'])
    await exportDatabase(target, join(folder, 'second'))
    expect(filesOf('second')).toEqual(filesOf('first'))

    const { rows } = await target.pool.query(`insert into values (key) values ('next') returning number`)
    expect(rows[0].number).toBe(4)
    const shout = await target.pool.query(`select shout from trees where title = 'Tree 7'`)
    expect(shout.rows[0].shout).toBe('TREE 7')
    const orphan = `insert into leaves values (gen_random_uuid(), gen_random_uuid(), null, '[]', now())`
    await expect(target.pool.query(orphan)).rejects.toMatchObject({ code: '23503' })
    await expect(target.pool.query('insert into guarded values (4)')).rejects.toThrow('not by import')
    await target.drop()
  })

  test('what cannot be imported is refused, and nothing is changed', async () => {
    const target = await openTestDatabase(migrations)
    await expect(importDatabase(target, join(folder, 'first'))).rejects.toThrow('table guarded has rows')
    await target.pool.query(emptied)

    await exportDatabase(source, join(folder, 'damaged'))
    await expect(exportDatabase(source, join(folder, 'damaged'))).rejects.toThrow('not empty')
    appendFileSync(join(folder, 'damaged', 'values.jsonl'), '{"key":"one more","number":"9"}\n')
    await expect(importDatabase(target, join(folder, 'damaged'))).rejects.toThrow('values.jsonl is damaged')
    const { rows } = await target.pool.query('select count(*) from trees')
    expect(rows[0].count).toBe(0)
    await expect(importDatabase(target, join(folder, 'nowhere'))).rejects.toThrow('not a whole export')

    writeFileSync(join(folder, 'damaged', 'values.jsonl'), readFileSync(join(folder, 'first', 'values.jsonl')))
    await migrate(target, [...migrations, { name: 'later-0001', up: 'create table later (n int primary key)' }])
    await expect(importDatabase(target, join(folder, 'damaged'))).rejects.toThrow(/another release.*later-0001/)
    await target.drop()
  })
})

describeWithPostgres('export and import with a server', () => {
  test('embedded, server and embedded again: identical', async () => {
    const scratch = await scratchDatabase()
    const server = await openDatabase({ url: scratch.url, dataDir: folder, log })
    await migrate(server, migrations)
    await server.pool.query(emptied)
    await importDatabase(server, join(folder, 'first'))
    await exportDatabase(server, join(folder, 'from-server'))
    expect(filesOf('from-server')).toEqual(filesOf('first'))
    await server.close()
    await scratch.drop()
  })
})

describe('a server that cannot be used', () => {
  test('is an error that names it without its password and says what to do', async () => {
    const url = 'postgres://someone:secret@127.0.0.1:1/nothing'
    const opening = openDatabase({ url, dataDir: folder, log })
    await expect(opening).rejects.toThrow(
      /DATABASE_URL \(postgres:\/\/someone:\*\*\*@127.0.0.1:1\/nothing\).*Start that server/,
    )
  })
})
