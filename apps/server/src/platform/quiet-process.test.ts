import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { getPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../testing/eventually.ts'
import { quietProcesses } from './quiet-process.ts'

const busy = 'Too many. Try again.'
let folder: string
let scripts = 0

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'parley-quiet-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

/** A script that answers questions by this body of a function. */
function scriptThat(does: string): URL {
  const helper = new URL('./answer-quietly.ts', import.meta.url)
  const path = join(folder, `script${++scripts}.mjs`)
  writeFileSync(
    path,
    `import { answerQuietly } from '${helper}'; import * as os from 'node:os'; answerQuietly((question) => { ${does} })`,
  )
  return pathToFileURL(path)
}

describe('quiet processes', () => {
  test('have a lower priority than the server, and nothing of its environment', async () => {
    const script = scriptThat('return { priority: os.getPriority(), names: Object.keys(process.env) }')
    const { ask } = quietProcesses<number, { priority: number; names: string[] }>(script, {
      most: 1,
      waitingAtMost: 1,
      busy,
    })
    expect(await ask(0)).toEqual({ priority: Math.min(19, getPriority() + 10), names: [] })
  })

  test('answer each what it asked, some at once and the rest in turn, and refuse more than can wait', async () => {
    const script = scriptThat('Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20); return question * 2')
    const { ask } = quietProcesses<number, number>(script, { most: 2, waitingAtMost: 10, busy })
    const asked = await Promise.allSettled(Array.from({ length: 20 }, (_, index) => ask(index)))
    expect(asked.slice(0, 12).map((each) => each.status === 'fulfilled' && each.value)).toEqual(
      Array.from({ length: 12 }, (_, index) => index * 2),
    )
    for (const { reason } of asked.slice(12) as PromiseRejectedResult[]) {
      expect(reason).toMatchObject({ code: 'unavailable', message: busy, retryAfterSeconds: 5 })
    }
    expect(await ask(21)).toBe(42)
  })

  test('pass failures on, and go on after one, and after a process that ended', async () => {
    const script = scriptThat(`
      if (question === 'throw') throw new RangeError('out of range')
      if (question === 'end') process.exit(3)
      return question`)
    const { ask } = quietProcesses<string, string>(script, { most: 1, waitingAtMost: 10, busy })
    const asked = await Promise.allSettled(['one', 'throw', 'two', 'end', 'three'].map((each) => ask(each)))
    expect(asked).toMatchObject([
      { value: 'one' },
      { reason: { message: 'out of range' } },
      { value: 'two' },
      { reason: { message: expect.stringContaining('ended') } },
      { value: 'three' },
    ])
  })

  test('survive a signal that is for the server, and one that was killed is replaced', async () => {
    const { ask } = quietProcesses<null | 0, number>(scriptThat('return process.pid'), {
      most: 1,
      waitingAtMost: 1,
      busy,
    })
    const pid = await ask(0)
    process.kill(pid, 'SIGINT')
    process.kill(pid, 'SIGTERM')
    expect(await ask(0)).toBe(pid)
    process.kill(pid, 'SIGKILL')
    await eventually(() => expect(() => process.kill(pid, 0)).toThrow())
    expect(await eventually(() => ask(0))).not.toBe(pid)
  })
})
