import { mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { sql } from 'kysely'
import pg from 'pg'
import pino from 'pino'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { prepareTestDataDir } from '../../testing/database.ts'
import { eventually } from '../../testing/eventually.ts'
import { type DatabaseHandle, openDatabase } from './open-database.ts'
import { tidyTables } from './tidy-tables.ts'

const log = pino({ level: 'silent' })
const dataDir = mkdtempSync(join(tmpdir(), 'parley-pglite-'))
let handle: DatabaseHandle

beforeAll(async () => {
  await prepareTestDataDir(dataDir)
  const embedded = { durable: false, checkpointMs: 0, idleInTransactionMs: 300, copies: { everyMs: 0, keep: 1 } }
  handle = await openDatabase({ dataDir, log, embedded })
  await handle.pool.query('create table entries (id int generated always as identity primary key, text text)')
})

afterAll(async () => {
  await handle.close()
  rmSync(dataDir, { recursive: true, force: true })
})

describe('connections to the embedded database', () => {
  test('take turns by transaction: statements of one never come between those of another', async () => {
    const inTurn = async (name: string) => {
      const client = await handle.pool.connect()
      await client.query('begin')
      for (const step of [1, 2, 3]) {
        await client.query('insert into entries (text) values ($1)', [`turn ${name}${step}`])
        await new Promise((resolve) => setTimeout(resolve, 3))
      }
      await client.query('commit')
      client.release()
    }
    const alone = handle.pool.query(`insert into entries (text) values ('turn x')`)
    await Promise.all([inTurn('a'), inTurn('b'), alone, inTurn('c')])
    const { rows } = await handle.pool.query(`select text from entries where text like 'turn %' order by id`)
    const order = rows.map((row) => row.text.slice(5)).join(' ')
    for (const name of ['a', 'b', 'c']) expect(order).toContain(`${name}1 ${name}2 ${name}3`)
    expect(order).toContain('x')
  })

  test('a connection that ends inside a transaction is rolled back, and the next one runs', async () => {
    const client = new pg.Client(handle.clientConfig)
    await client.connect()
    await client.query('begin')
    await client.query(`insert into entries (text) values ('half')`)
    const waiting = handle.pool.query(`select count(*) from entries where text = 'half'`)
    await client.end()
    expect((await waiting).rows[0].count).toBe(0)
  })

  test('a transaction that does nothing while others wait is rolled back', async () => {
    const client = await handle.pool.connect()
    await client.query('begin')
    await client.query(`insert into entries (text) values ('idle')`)
    const waiting = handle.pool.query(`select count(*) from entries where text = 'idle'`)
    expect((await waiting).rows[0].count).toBe(0)
    await expect(client.query('select 1')).rejects.toThrow()
    client.release(true)
  })

  test('a failed statement fails alone, and a failed transaction can be rolled back', async () => {
    await expect(handle.pool.query('select 1 / $1::int', [0])).rejects.toMatchObject({ code: '22012' })
    await expect(
      handle.db.transaction().execute(async (db) => {
        await sql`insert into entries (text) values ('undone')`.execute(db)
        await sql`select nothing`.execute(db)
      }),
    ).rejects.toMatchObject({ code: '42703' })
    const { rows } = await handle.pool.query(`select count(*) from entries where text = 'undone'`)
    expect(rows[0].count).toBe(0)
  })

  test('COPY FROM STDIN, which would end the backend, is refused', async () => {
    await expect(handle.pool.query('copy entries from stdin')).rejects.toMatchObject({ code: '0A000' })
    await expect(handle.pool.query('select 1')).resolves.toBeDefined()
  })

  test('notifications reach whoever listens on that channel, after the commit, and nobody after close', async () => {
    const heard: string[] = []
    const onConnect = vi.fn()
    const first = await handle.listen('Channel one', (payload) => heard.push(`first ${payload}`), onConnect)
    const second = await handle.listen('Channel one', (payload) => heard.push(`second ${payload}`))
    const other = await handle.listen('other', (payload) => heard.push(`other ${payload}`))
    await handle.db.transaction().execute(async (db) => {
      await sql`select pg_notify('Channel one', 'a')`.execute(db)
      await sql`select 1`.execute(db)
      expect(heard).toEqual([])
    })
    await eventually(() => expect(heard.sort()).toEqual(['first a', 'second a']))
    await first.close()
    await sql`select pg_notify('Channel one', 'b')`.execute(handle.db)
    await eventually(() => expect(heard).toContain('second b'))
    expect(heard).toHaveLength(3)
    expect(onConnect).toHaveBeenCalledOnce()
    await second.close()
    await other.close()
  })

  test('results larger than the bridge sends at once arrive whole', async () => {
    const { rows } = await handle.pool.query(`select n, repeat(n::text, 2000) as text from generate_series(1, 3000) n`)
    expect(rows).toHaveLength(3000)
    expect(rows.every((row) => row.text === String(row.n).repeat(2000))).toBe(true)
  })

  test('values come as documented', async () => {
    const { rows } = await handle.pool.query(
      `select 9007199254740991 as big, count(*) as count, array[1, null]::bigint[] as bigs, '2026-01-02'::date as day,
         '2026-01-02 03:04:05.678Z'::timestamptz as time, '{"a": [1]}'::jsonb as json, 1.10::numeric as exact,
         '\\x00ff'::bytea as bytes`,
    )
    expect(rows[0]).toEqual({
      big: 9007199254740991,
      count: 1,
      bigs: [1, null],
      day: '2026-01-02',
      time: new Date('2026-01-02T03:04:05.678Z'),
      json: { a: [1] },
      exact: '1.10',
      bytes: Buffer.from([0, 255]),
    })
    await expect(handle.pool.query('select 9007199254740993 as big')).rejects.toThrow('too large')
  })

  test('vectors are available', async () => {
    await handle.pool.query('create extension if not exists vector')
    const { rows } = await handle.pool.query(`select '[1,2]'::vector <-> '[1,5]'::vector as distance`)
    expect(rows[0].distance).toBe(3)
  })

  test('tables are tidied when they need it', async () => {
    await handle.pool.query(`create table bloated as select n from generate_series(1, 1000) n`)
    await handle.pool.query('delete from bloated where n <= 900')
    await eventually(async () => {
      await tidyTables(handle.pool)
      const stats = `select n_dead_tup as dead, last_analyze from pg_stat_user_tables where relname = 'bloated'`
      const { rows } = await handle.pool.query(stats)
      expect(rows[0]).toEqual({ dead: 0, last_analyze: expect.any(Date) })
    })
  })

  test('a copy made while rows are written opens and holds all rows up to one moment of it', async () => {
    await handle.pool.query('create table counted (n int primary key)')
    let writing = true
    const writer = (async () => {
      for (let n = 1; writing; n++) await handle.pool.query('insert into counted values ($1)', [n])
    })()
    const { rows: before } = await handle.pool.query('select count(*) from counted')
    const copy = (await handle.copy()) as string
    const { rows: after } = await handle.pool.query('select count(*) from counted')
    writing = false
    await writer
    const restored = mkdtempSync(join(tmpdir(), 'parley-restored-'))
    renameSync(copy, join(restored, 'database'))
    const older = await handle.copy()
    const newer = (await handle.copy()) as string
    expect(newer).not.toBe(older)
    expect(readdirSync(join(dataDir, 'copies'))).toEqual([basename(newer)])

    const opened = await openDatabase({ dataDir: restored, log, embedded: { durable: false, checkpointMs: 0 } })
    const { rows } = await opened.pool.query('select count(*), max(n) from counted')
    await opened.close()
    rmSync(restored, { recursive: true, force: true })
    expect(rows[0].count).toBe(rows[0].max)
    expect(rows[0].count).toBeGreaterThan(before[0].count)
    expect(rows[0].count).toBeLessThanOrEqual(after[0].count)
  })
})
