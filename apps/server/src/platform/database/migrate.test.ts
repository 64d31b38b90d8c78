import pino from 'pino'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { openTestDatabase, type TestDatabase } from '../../testing/database.ts'
import { describeWithPostgres, scratchDatabase } from '../../testing/services.ts'
import { type Migration, migrate } from './migrate.ts'
import { openDatabase } from './open-database.ts'

const first: Migration = { name: 'first-0001', up: 'create table a (n int); insert into a values (1)' }
const second: Migration = {
  name: 'second-0001',
  up: async (db) => {
    await db.schema.createTable('b').addColumn('n', 'integer').execute()
  },
}
const broken: Migration = { name: 'broken-0001', up: 'create table c (n int); select nothing' }

let database: TestDatabase
afterEach(() => database?.drop())

describe('migrations', () => {
  test('are applied once, in order, and only what is missing', async () => {
    database = await openTestDatabase()
    expect(await migrate(database, [first])).toEqual(['first-0001'])
    expect(await migrate(database, [first, second])).toEqual(['second-0001'])
    expect(await migrate(database, [first, second])).toEqual([])
    const { rows } = await database.pool.query('select n from a')
    expect(rows).toEqual([{ n: 1 }])
  })

  test('a failing one is named, and neither it nor those with it change anything', async () => {
    database = await openTestDatabase()
    await migrate(database, [first])
    await expect(migrate(database, [first, second, broken])).rejects.toThrow(/broken-0001 failed.*nothing/)
    const { rows } = await database.pool.query(
      `select to_regclass('b') as b, to_regclass('c') as c, (select count(*) from migrations) as applied`,
    )
    expect(rows[0]).toEqual({ b: null, c: null, applied: 1 })
  })

  test('an applied one whose SQL was edited is refused; other white space is not an edit', async () => {
    database = await openTestDatabase()
    await migrate(database, [first])
    await migrate(database, [{ ...first, up: 'create  table a (n int);\n  insert into a values (1)\n' }])
    await expect(migrate(database, [{ ...first, up: 'create table a (n bigint)' }])).rejects.toThrow(
      'migration first-0001 is not the one',
    )
  })

  test('those of a newer release are left alone with a warning; two of one name are refused', async () => {
    database = await openTestDatabase()
    await migrate(database, [first, second])
    const warn = vi.spyOn(database.log, 'warn')
    expect(await migrate(database, [first])).toEqual([])
    expect(warn).toHaveBeenCalledWith({ unknown: ['second-0001'] }, expect.stringContaining('newer release'))
    await expect(migrate(database, [first, first])).rejects.toThrow('two migrations with the name first-0001')
  })
})

describeWithPostgres('migrations on a server', () => {
  test('four processes that start together are safe', async () => {
    const scratch = await scratchDatabase()
    const log = pino({ level: 'silent' })
    const slow: Migration = { name: 'slow-0001', up: 'create table s (n int); select pg_sleep(0.2)' }
    const handles = await Promise.all(
      [1, 2, 3, 4].map(() => openDatabase({ url: scratch.url, dataDir: '/nonexistent', log })),
    )
    const applied = await Promise.all(handles.map((handle) => migrate(handle, [slow, first, second])))
    expect(applied.map((names) => names.length).sort()).toEqual([0, 0, 0, 3])
    await Promise.all(handles.map((handle) => handle.close()))
    await scratch.drop()
  })
})
