import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { writeCertificate } from './testing/make-certificate.ts'
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

describe('parley doctor about HTTPS', () => {
  /** What it says in an empty folder with these settings, and a certificate that is good for so many days. */
  async function doctor(settings: Record<string, string>, days?: number) {
    const folder = mkdtempSync(join(tmpdir(), 'parley-doctor-'))
    try {
      const env: Record<string, string> = { PATH: process.env.PATH ?? '', PARLEY_DATA_DIR: folder, ...settings }
      if (days !== undefined) {
        const { certFile, keyFile } = await writeCertificate(folder, { days })
        Object.assign(env, { PARLEY_TLS_CERT_FILE: certFile, PARLEY_TLS_KEY_FILE: keyFile, ...settings })
      }
      const { stdout } = await run(process.execPath, [cli, 'doctor', '--json'], { cwd: folder, env }).catch(
        (error) => error,
      )
      const { findings } = JSON.parse(stdout) as { findings: { check: string; state: string; detail: string }[] }
      return findings.filter(({ check, state }) => check === 'HTTPS' || state === 'problem')
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  test.each([
    ['a certificate for long', {}, 90, 'ok', 'for DNS:localhost is good for 89 more days'],
    ['one for a few days', {}, 10, 'warning', 'good for 9 more days'],
    ['one that expired', {}, -1, 'problem', 'the certificate expired on'],
    ['a proxy it does not know', { PUBLIC_URL: 'https://chat.example.com' }, undefined, 'warning', 'a proxy does it'],
    [
      'a proxy it knows',
      { PUBLIC_URL: 'https://chat.example.com', PARLEY_TRUSTED_PROXIES: '10.0.0.0/8,loopback' },
      undefined,
      'ok',
      'by 10.0.0.0/8, loopback',
    ],
    ['none', { PUBLIC_URL: 'http://chat.example.com' }, undefined, 'warning', 'people reach http://chat.example.com'],
  ])('%s', async (_what, settings, days, state, detail) => {
    const findings = await doctor(settings as Record<string, string>, days)
    expect(findings).toEqual([
      expect.objectContaining({ check: 'HTTPS', state, detail: expect.stringContaining(detail) }),
    ])
  })

  test('files that cannot be used are a problem of the configuration, with what to do', async () => {
    const [finding] = await doctor({ PARLEY_TLS_KEY_FILE: '/nowhere/key.pem' }, 90)
    expect(finding).toMatchObject({ check: 'configuration', state: 'problem' })
    expect(finding?.detail).toContain('/nowhere/key.pem does not exist. Correct PARLEY_TLS_KEY_FILE.')
  })
})
