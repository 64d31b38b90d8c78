import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pino from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrations } from '../../migrations.ts'
import { verifyChain } from '../../modules/audit/index.ts'
import { describeWithPostgres, scratchDatabase } from '../../testing/services.ts'
import { systemClock } from '../context.ts'
import { newId, openKeyring } from '../crypto/index.ts'
import { type DatabaseHandle, migrate, openDatabase } from '../database/index.ts'
import { chainKey, installationChain } from './index.ts'

const script = fileURLToPath(new URL('../../testing/audit-writer.ts', import.meta.url))
const wanted = 200

describeWithPostgres('P15: concurrent writers on two processes keep one chain', () => {
  const workspaceId = newId()
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-audit-'))
  const running: ChildProcess[] = []
  let scratch: Awaited<ReturnType<typeof scratchDatabase>>
  let handle: DatabaseHandle

  beforeAll(async () => {
    scratch = await scratchDatabase()
    await openKeyring(dataDir, {})
    handle = await openDatabase({ url: scratch.url, dataDir, log: pino({ level: 'silent' }) })
    await migrate(handle, migrations)
  })
  afterAll(async () => {
    for (const child of running) child.kill('SIGKILL')
    await handle?.close()
    await scratch?.drop()
    rmSync(dataDir, { recursive: true, force: true })
  })

  /** Runs a writer until it said so many, then kills it in the middle of whatever it does. Answers what it said. */
  async function writeUntilKilled(name: string): Promise<string[]> {
    const args = [script, scratch.url, dataDir, workspaceId, name]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    running.push(child)
    const exited = once(child, 'close')
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (said.split('\n').length > wanted) child.kill('SIGKILL')
    })
    await exited
    return said.split('\n').slice(0, -1)
  }

  test('no gap, no fork, and nothing that was acknowledged is lost, though both are killed', {
    timeout: 180_000,
  }, async () => {
    const said = (await Promise.all([writeUntilKilled('a'), writeUntilKilled('b')])).flat()
    expect(said.length).toBeGreaterThanOrEqual(2 * wanted)
    const key = chainKey(await openKeyring(dataDir, {}))
    for (const chain of [workspaceId, installationChain]) {
      const report = await verifyChain({ db: handle.db, clock: systemClock }, chain, { key })
      expect(report.problems).toEqual([])
      const rows = await handle.db.selectFrom('auditEntries').select('subjectId').where('chain', '=', chain).execute()
      const stored = rows.map(({ subjectId }) => subjectId!)
      expect(report.checked).toBe(stored.length)
      expect(new Set(stored).size).toBe(stored.length)
      expect(said.filter((one) => !stored.includes(one))).toEqual([])
      // What was undone is not there.
      expect(stored.filter((one) => Number(one.split('-')[1]) % 5 === 0)).toEqual([])
      // Both wrote in turn, else this shows nothing.
      const turns = stored.filter((one, index) => index > 0 && one[0] !== stored[index - 1]![0])
      expect(turns.length).toBeGreaterThan(20)
    }
  })
})
