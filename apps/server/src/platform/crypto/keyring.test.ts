import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { KeyringError, openKeyring } from './index.ts'

const masterKey = Buffer.alloc(32, 7).toString('base64')
let root = ''

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'parley-keyring-'))
})

afterAll(async () => {
  await rm(root, { recursive: true })
})

const newDataDir = () => mkdtemp(join(root, 'data-'))
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

describe('the key file', () => {
  test('is made at first start, readable by its owner alone, and used from then on', async () => {
    const dataDir = await newDataDir()
    const sealed = (await openKeyring(dataDir, {})).seal('secret', 'a')
    expect(await modeOf(join(dataDir, 'keys'))).toBe('700')
    expect(await modeOf(join(dataDir, 'keys/master.key'))).toBe('600')
    expect(await readdir(join(dataDir, 'keys'))).toEqual(['master.key'])
    const again = await openKeyring(dataDir, {})
    expect(again.open(sealed, 'a')).toBe('secret')
    expect(again.warnings).toEqual([])
  })

  test('is one and the same for processes that start at once', async () => {
    const dataDir = await newDataDir()
    const keyrings = await Promise.all(Array.from({ length: 10 }, () => openKeyring(dataDir, {})))
    expect(new Set(keyrings.map(({ keyId }) => keyId)).size).toBe(1)
    expect(await readdir(join(dataDir, 'keys'))).toEqual(['master.key'])
  })

  test.each(['', 'too short', masterKey.slice(4), `${masterKey.slice(0, -2)}!=`, `${masterKey}${masterKey}`])(
    'stops the start when it holds %j, and is left as it is',
    async (content) => {
      const dataDir = await newDataDir()
      const file = join(dataDir, 'keys/master.key')
      await mkdir(join(dataDir, 'keys'), { mode: 0o700 })
      await writeFile(file, content)
      await expect(openKeyring(dataDir, {})).rejects.toThrow(/is damaged.*Restore it from a backup/)
      expect(await readFile(file, 'utf8')).toBe(content)
    },
  )

  test('stops the start when it cannot be read', async () => {
    const dataDir = await newDataDir()
    await mkdir(join(dataDir, 'keys/master.key'), { recursive: true })
    await expect(openKeyring(dataDir, {})).rejects.toThrow(/cannot be read \(EISDIR\).*chmod 600/)
  })

  test('stops the start when it cannot be made', async () => {
    const dataDir = await newDataDir()
    await writeFile(join(dataDir, 'keys'), 'a file where the folder should be')
    await expect(openKeyring(dataDir, {})).rejects.toThrow(KeyringError)
    const dangling = await newDataDir()
    await mkdir(join(dangling, 'keys'))
    await symlink('/nonexistent/master.key', join(dangling, 'keys/master.key'))
    await expect(openKeyring(dangling, {})).rejects.toThrow(/cannot be made.*PARLEY_MASTER_KEY/)
  })

  test('warns when others may read it', async () => {
    const dataDir = await newDataDir()
    await openKeyring(dataDir, {})
    await chmod(join(dataDir, 'keys/master.key'), 0o640)
    await chmod(join(dataDir, 'keys'), 0o755)
    const { warnings } = await openKeyring(dataDir, {})
    expect(warnings).toHaveLength(2)
    expect(warnings[0]).toContain(`(mode 640). Run: chmod 600 ${dataDir}/keys/master.key`)
    expect(warnings[1]).toContain(`(mode 755). Run: chmod 700 ${dataDir}/keys`)
  })

  test('is not made when the environment has the key', async () => {
    const dataDir = await newDataDir()
    await openKeyring(dataDir, { masterKey })
    expect(await readdir(dataDir)).toEqual([])
    await expect(openKeyring(dataDir, { masterKey: 'c2hvcnQ=' })).rejects.toThrow(/PARLEY_MASTER_KEY.*openssl rand/)
  })
})

describe('sealing', () => {
  const openEnv = (key = masterKey) => openKeyring(root, { masterKey: key })

  test('what was sealed opens, whatever the text', async () => {
    const keyring = await openEnv()
    for (const text of ['', 'sk-123', 'ünïcode 🔑\n\0', 'x'.repeat(100_000)]) {
      expect(keyring.open(keyring.seal(text, 'c'), 'c')).toBe(text)
    }
  })

  test('the same text never seals to the same, and the text is not in it', async () => {
    const keyring = await openEnv()
    const sealed = Array.from({ length: 100 }, () => keyring.seal('plaintext', 'c'))
    expect(new Set(sealed).size).toBe(100)
    expect(sealed[0]).toMatch(new RegExp(`^v1\\.${keyring.keyId}\\.[A-Za-z0-9_-]+$`))
    expect(Buffer.from(sealed[0]!.split('.')[2]!, 'base64url').toString('latin1')).not.toContain('plaintext')
  })

  test('another context, and any changed byte, opens nothing and tells nothing', async () => {
    const keyring = await openEnv()
    const sealed = keyring.seal('plaintext', 'provider:1')
    expect(keyring.open(sealed, 'provider:1')).toBe('plaintext')
    expect(() => keyring.open(sealed, 'provider:2')).toThrow(KeyringError)
    const [version, keyId, payload] = sealed.split('.') as [string, string, string]
    const bytes = Buffer.from(payload, 'base64url')
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed[at]! ^= 1
      const forged = `${version}.${keyId}.${changed.toString('base64url')}`
      expect(() => keyring.open(forged, 'provider:1')).toThrow(/^A stored secret does not open/)
    }
  })

  test.each(['', 'plaintext', 'v1.', 'v1..', 'v2.00000000.AAAA', 'v1.zzzzzzzz.AAAA', 'v1.00000000.AAAA'])(
    '%j is not a sealed text',
    async (text) => {
      const keyring = await openEnv()
      expect(() => keyring.open(text, 'c')).toThrow(/not in a format/)
    },
  )

  test('another master key is named, so that the former one can be restored', async () => {
    const [former, present] = [await openEnv(), await openEnv(Buffer.alloc(32, 8).toString('base64'))]
    const message = new RegExp(`master key ${former.keyId}, and this server runs with ${present.keyId}`)
    expect(() => present.open(former.seal('x', 'c'), 'c')).toThrow(message)
  })
})

describe('derived keys', () => {
  test('are the same at every start, and differ by purpose and master key', async () => {
    const keyring = await openKeyring(root, { masterKey })
    const other = await openKeyring(root, { masterKey: Buffer.alloc(32, 8).toString('base64') })
    const again = await openKeyring(root, { masterKey })
    expect(again.derive('csrf')).toEqual(keyring.derive('csrf'))
    const keys = [keyring.derive('csrf'), keyring.derive('session-cookie'), other.derive('csrf'), Buffer.alloc(32, 7)]
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(4)
    expect(keyring.derive('csrf')).toHaveLength(32)
  })

  test('stay as they are from release to release: sessions and stored secrets depend on them', async () => {
    const keyring = await openKeyring(root, { masterKey })
    expect(keyring.keyId).toBe('ef135168')
    expect(keyring.derive('csrf').toString('hex')).toBe(
      '55d72a38a59070d0b2ee53fe00a83f5dbb6af449e1d433c6d61609aaca07cd76',
    )
    expect(
      keyring.open('v1.ef135168.yQBySCTWD3TGoUu6rIgMvryTQKCzPUBLyWYqjrEu4_w--R94pFC8LQLCq1ufYjvthTkuFc_-mg', 'c'),
    ).toBe('sealed by the first release')
  })
})
