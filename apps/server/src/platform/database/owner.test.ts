import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import pino from 'pino'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { prepareTestDataDir } from '../../testing/database.ts'
import { eventually } from '../../testing/eventually.ts'
import { lockFolder } from './folder-lock.ts'
import { openDatabase } from './open-database.ts'

const log = pino({ level: 'silent' })
let dataDir: string
let child: ChildProcess | undefined

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'parley-owner-'))
  await prepareTestDataDir(dataDir)
})

afterEach(async () => {
  if (child?.exitCode === null && child.signalCode === null) {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  child = undefined
  rmSync(dataDir, { recursive: true, force: true })
})

/** A process of its own that opens the database and then inserts rows for ever, printing each when it is committed. */
function startWriter() {
  const program = `
    import pino from 'pino'
    import { openDatabase } from ${JSON.stringify(new URL('./open-database.ts', import.meta.url).href)}
    const { pool } = await openDatabase({ dataDir: process.argv[1], log: pino({ level: 'silent' }) })
    await pool.query('create table if not exists kept (n int primary key, text text)')
    for (let n = 1; ; n++) {
      await pool.query('insert into kept values ($1, $2)', [n, 'x'.repeat(n % 3000)])
      console.log(n)
    }`
  const args = ['--input-type=module', '--eval', program, dataDir]
  child = spawn(process.execPath, args, { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] })
  const acknowledged: number[] = []
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  lines.on('line', (line) => acknowledged.push(Number(line)))
  const reached = async (count: number) => {
    while (acknowledged.length < count) await once(lines, 'line')
  }
  return { process: child, acknowledged, reached, lines }
}

describe('the owner of an embedded database', () => {
  test('a second process is refused with the folder and the owner; P1 kept: kill -9 loses no acknowledged row', {
    timeout: 60_000,
  }, async () => {
    const writer = startWriter()
    await writer.reached(50)
    await expect(openDatabase({ dataDir, log })).rejects.toThrow(
      new RegExp(`${join(dataDir, 'database')} is in use by process ${writer.process.pid} `),
    )
    await writer.reached(300)
    writer.process.kill('SIGKILL')
    await Promise.all([once(writer.process, 'exit'), once(writer.lines, 'close')])

    const handle = await openDatabase({ dataDir, log, embedded: { checkpointMs: 0 } })
    const { rows } = await handle.pool.query('select n, length(text) as length from kept')
    await handle.close()
    const found = new Map(rows.map((row) => [row.n, row.length]))
    const lost = writer.acknowledged.filter((n) => found.get(n) !== n % 3000)
    expect(lost).toEqual([])
    expect(writer.acknowledged.length).toBeGreaterThanOrEqual(300)
  })

  test('the second in the same process is refused too, and let in after release', async () => {
    const folder = join(dataDir, 'database')
    const lock = await lockFolder(folder)
    await expect(lockFolder(folder)).rejects.toThrow(`in use by process ${process.pid} `)
    await lock.release()
    await (await lockFolder(folder)).release()
  })

  test('an owner whose database ends by itself is told, its queries fail, and the folder can be opened again', async () => {
    const onFatal = vi.fn()
    const { pool, close } = await openDatabase({ dataDir, log, onFatal, embedded: { checkpointMs: 0 } })
    await pool.query('create table kept (n int)')
    await pool.query('insert into kept values (1)')
    // Without this file a checkpoint is a panic: PostgreSQL gives up and wants to be started anew.
    const control = join(dataDir, 'database', 'global', 'pg_control')
    renameSync(control, `${control}.away`)
    await expect(pool.query('checkpoint')).rejects.toThrow()
    await eventually(() => expect(onFatal).toHaveBeenCalledOnce())
    await expect(pool.query('select 1')).rejects.toThrow('the embedded database failed')
    await close()
    renameSync(`${control}.away`, control)
    const again = await openDatabase({ dataDir, log, embedded: { checkpointMs: 0 } })
    expect((await again.pool.query('select count(*) from kept')).rows).toEqual([{ count: 1 }])
    await again.close()
  })

  test('an owner on another machine is respected while it shows signs of life, and replaced when it is silent', async () => {
    const folder = join(dataDir, 'database')
    const note = `${folder}.lock`
    writeFileSync(note, JSON.stringify({ pid: 1, host: 'elsewhere', nonce: 'theirs' }))
    const alive = setInterval(() => utimesSync(note, new Date(), new Date()), 20)
    await expect(lockFolder(folder, { silenceMs: 200 })).rejects.toThrow('in use by process 1 on elsewhere')
    clearInterval(alive)
    await (await lockFolder(folder, { silenceMs: 200 })).release()
  })
})
