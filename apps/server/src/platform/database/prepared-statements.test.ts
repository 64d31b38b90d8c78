import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../testing/database.ts'
import { answersAllColumns, StatementNames } from './prepared-statements.ts'

test.each([
  ['select * from "a" where "b" = $1', true],
  ['select "a".* from "a"', true],
  ['select distinct * from a', true],
  ['select "id", "a".* from "a"', true],
  ['with "x" as (select "id" from "a") select *, 1 from "x"', true],
  ['insert into "a" values ($1) returning *', true],
  ['with "x" as (select * from "a") select "id" from "x"', false],
  ['select count(*) from "a"', false],
  ['select "* from" from "a"', false],
  [`select ', *' from "a"`, false],
  ['select "n" * 2 from "a"', false],
  ['update "a" set "b" = $1 returning "id"', false],
])('%s', (text, expected) => {
  expect(answersAllColumns(text)).toBe(expected)
})

test('a statement gets a name when it comes again, up to a number of them', () => {
  const names = new StatementNames()
  const often = (text: string) => [1, 2, 3].map(() => names.nameOf(text)).at(-1)
  expect([names.nameOf('select 1'), names.nameOf('select 1')]).toEqual([undefined, undefined])
  const name = names.nameOf('select 1')
  expect(name).toEqual(expect.any(String))
  expect(names.nameOf('select 1')).toBe(name)
  expect(often('select 2')).not.toBe(name)
  expect(often('select * from a')).toBeUndefined()
  for (let index = 0; index < 500; index += 1) often(`select ${index} + 1`)
  expect(often('select 99999')).toBeUndefined()
  expect(names.nameOf('select 1')).toBe(name)
})

describe('connections', () => {
  let database: TestDatabase
  const insert = (id: number) => sql`insert into "things" ("id", "text") values (${id}, ${`thing ${id}`})`
  const readText = (id: number) => sql<{ text: string }>`select "text" from "things" where "id" = ${id}`
  const prepared = async () => {
    const { rows } = await sql<{ statement: string }>`
      select "statement" from pg_prepared_statements where "name" like 'parley_%'`.execute(database.db)
    return rows.map(({ statement }) => statement)
  }

  beforeAll(async () => {
    database = await openTestDatabase()
    await sql`create table "things" ("id" int primary key, "text" text)`.execute(database.db)
  })

  afterAll(() => database.drop())

  test('prepare what comes often, and all of them get their answers', async () => {
    const ids = Array.from({ length: 60 }, (_, index) => index)
    await Promise.all(ids.map((id) => insert(id).execute(database.db)))
    const texts = await Promise.all(ids.map(async (id) => (await readText(id).execute(database.db)).rows[0]?.text))
    expect(texts).toEqual(ids.map((id) => `thing ${id}`))
    expect(await prepared()).toContain('select "text" from "things" where "id" = $1')
  })

  test('go on after a prepared statement failed, alone and in a transaction', async () => {
    for (let time = 0; time < 5; time += 1)
      await expect(insert(1).execute(database.db)).rejects.toThrow('duplicate key')
    await database.db.transaction().execute(async (tx) => {
      await insert(1_000).execute(tx)
      expect((await readText(1_000).execute(tx)).rows).toEqual([{ text: 'thing 1000' }])
    })
    const failing = database.db.transaction().execute(async (tx) => {
      await insert(1_001).execute(tx)
      await insert(1).execute(tx)
    })
    await expect(failing).rejects.toThrow('duplicate key')
    expect((await readText(1_001).execute(database.db)).rows).toEqual([])
  })

  test('take a statement that could not be prepared at first', async () => {
    const read = (id: number) => sql`select "later" from "laterThings" where "id" = ${id}`.execute(database.db)
    for (let time = 0; time < 5; time += 1) await expect(read(1)).rejects.toThrow('does not exist')
    await sql`create table "laterThings" ("id" int, "later" text)`.execute(database.db)
    for (let time = 0; time < 5; time += 1) expect((await read(1)).rows).toEqual([])
  })

  test('P13 upgrades: a column that a newer release adds disturbs no statement', async () => {
    const all = () =>
      database.db
        .selectFrom('things' as never)
        .selectAll()
        .where('id' as never, '=', 2 as never)
        .execute()
    const both = async () => [(await readText(2).execute(database.db)).rows, await all()]
    for (let time = 0; time < 20; time += 1) await both()
    await sql`alter table "things" add column "added" int default 7`.execute(database.db)
    for (let time = 0; time < 20; time += 1)
      expect(await both()).toEqual([[{ text: 'thing 2' }], [{ id: 2, text: 'thing 2', added: 7 }]])
  })
})
