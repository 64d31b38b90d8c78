import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { makeHome, registerOwner, spawnServer } from './testing/start-server.ts'

const run = promisify(execFile)
const cli = fileURLToPath(new URL('./cli.ts', import.meta.url))

test('parley keys rotate gives access tokens a new key; --now ends the tokens of the old one', {
  timeout: 180_000,
}, async () => {
  const home = await makeHome()
  const { DATABASE_URL: _, ...environment } = process.env
  const options = { cwd: home.dataDir, env: { ...environment, PARLEY_DATA_DIR: home.dataDir, ...home.env } }
  const published = async (url: string) => {
    const { keys } = (await (await fetch(`${url}/.well-known/jwks.json`)).json()) as { keys: { kid: string }[] }
    return keys.map(({ kid }) => kid)
  }
  try {
    const first = await spawnServer(home)
    const owner = await registerOwner(first.url, first.setupUrl)
    const [before] = await published(first.url)
    await first.terminate()

    const planned = await run(process.execPath, [cli, 'keys', 'rotate'], options)
    expect(planned.stdout).toMatch(/^Key \S+ is published, and signs from \d{4}-.*Z on\.$/m)
    const atOnce = await run(process.execPath, [cli, 'keys', 'rotate', '--now'], options)
    const [, last] = /^Key (\S+) signs\.$/m.exec(atOnce.stdout) ?? []
    expect(last).not.toBe(before)
    const second = await spawnServer(home)
    expect(await published(second.url)).toEqual([last])
    expect((await fetch(`${second.url}/api/v1/me`, { headers: owner.headers })).status).toBe(401)
    await second.kill9()
  } finally {
    await home.remove()
  }
})
