import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { makeHome, registerOwner, spawnServer } from './testing/start-server.ts'

const run = promisify(execFile)
const cli = fileURLToPath(new URL('./cli.ts', import.meta.url))

test('parley keys rotate gives access tokens a new key, between two starts; --now ends the tokens of the old one', async () => {
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
    const [, next] = /^Key (\S+) is published, and signs from \d{4}-.*Z on\.$/m.exec(planned.stdout) ?? []
    const second = await spawnServer(home)
    expect(await published(second.url)).toEqual([next, before])
    expect((await fetch(`${second.url}/api/v1/me`, { headers: owner.headers })).status).toBe(200)
    await second.terminate()

    const atOnce = await run(process.execPath, [cli, 'keys', 'rotate', '--now'], options)
    const [, last] = /^Key (\S+) signs\.$/m.exec(atOnce.stdout) ?? []
    const third = await spawnServer(home)
    expect(await published(third.url)).toEqual([last])
    expect((await fetch(`${third.url}/api/v1/me`, { headers: owner.headers })).status).toBe(401)
    await third.kill9()
  } finally {
    await home.remove()
  }
})
