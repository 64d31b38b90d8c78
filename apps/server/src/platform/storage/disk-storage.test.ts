import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openDiskStorage, type Storage, StorageKeyInvalid, StorageLimitExceeded, StoredFileNotFound } from './index.ts'

const maxBytes = 1_000_000
let root = ''
let folder = ''
let storage: Storage

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'parley-storage-'))
})

beforeEach(async () => {
  folder = await mkdtemp(join(root, 'files-'))
  storage = await openDiskStorage(folder)
})

afterAll(async () => {
  await rm(root, { recursive: true })
})

/** Every file under the folder, whatever its place. */
async function filesOnDisk(): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

test('a file comes back as it was put, from bytes and from a stream', async () => {
  const content = randomBytes(300_000)
  const sha256 = createHash('sha256').update(content).digest('hex')
  const pieces = Array.from({ length: 30 }, (_, i) => content.subarray(i * 10_000, (i + 1) * 10_000))

  expect(await storage.put('files/a', content, { maxBytes })).toEqual({ bytes: 300_000, sha256 })
  expect(await storage.put('files/b', Readable.from(pieces), { maxBytes })).toEqual({ bytes: 300_000, sha256 })
  for (const key of ['files/a', 'files/b']) {
    expect(await storage.getBytes(key)).toEqual(content)
    const { stream, bytes } = await storage.get(key)
    expect(bytes).toBe(300_000)
    expect(await buffer(stream)).toEqual(content)
  }
})

test('an empty file is a file', async () => {
  await storage.put('empty', Buffer.alloc(0), { maxBytes: 0 })
  expect(await storage.getBytes('empty')).toHaveLength(0)
})

test('files are still there after a restart, readable by the owner alone', async () => {
  await storage.put('a', Buffer.from('one'), { maxBytes })
  const again = await openDiskStorage(folder)
  expect(String(await again.getBytes('a'))).toBe('one')
  const [file] = await filesOnDisk()
  expect((await stat(file!)).mode & 0o777).toBe(0o600)
})

test('keys that contain each other, or differ only in the divider, do not meet', async () => {
  const keys = ['a', 'a/b', 'a-b', 'a/b/c', 'drafts', 'drafts/a']
  for (const key of keys) await storage.put(key, Buffer.from(key), { maxBytes })
  for (const key of keys) expect(String(await storage.getBytes(key))).toBe(key)
  expect(await filesOnDisk()).toHaveLength(keys.length)
})

test('many files are spread over subfolders', async () => {
  await Promise.all(Array.from({ length: 50 }, (_, i) => storage.put(`f/${i}`, Buffer.from('x'), { maxBytes })))
  expect((await readdir(folder)).length).toBeGreaterThan(20)
})

describe('a put that fails', () => {
  test.each([
    ['bytes', () => Buffer.alloc(1001)],
    ['a stream', () => Readable.from([Buffer.alloc(1000), Buffer.alloc(1)])],
  ])('beyond maxBytes leaves nothing of %s', async (_kind, content) => {
    await expect(storage.put('a', content(), { maxBytes: 1000 })).rejects.toThrow(StorageLimitExceeded)
    expect(await filesOnDisk()).toEqual([])
    await storage.put('a', content(), { maxBytes: 1001 })
    expect(await filesOnDisk()).toHaveLength(1)
  })

  test('beyond maxBytes stops reading its source', async () => {
    const endless = new Readable({
      read() {
        this.push(Buffer.alloc(100))
      },
    })
    await expect(storage.put('a', endless, { maxBytes: 1000 })).rejects.toThrow(StorageLimitExceeded)
    expect(endless.destroyed).toBe(true)
  })

  test('because its source fails leaves the former file', async () => {
    async function* broken() {
      yield Buffer.from('half')
      throw new Error('connection lost')
    }
    await storage.put('a', Buffer.from('before'), { maxBytes })
    await expect(storage.put('a', broken(), { maxBytes })).rejects.toThrow('connection lost')
    expect(String(await storage.getBytes('a'))).toBe('before')
    expect(await filesOnDisk()).toHaveLength(1)
  })
})

test('readers see the old file or the new one, never a mixture', async () => {
  const versions = [Buffer.alloc(200_000, 'a'), Buffer.alloc(200_000, 'b')]
  await storage.put('a', versions[0]!, { maxBytes })
  const writes = Array.from({ length: 20 }, (_, i) => storage.put('a', versions[i % 2]!, { maxBytes }))
  for (let i = 0; i < 50; i++) {
    const seen = await storage.getBytes('a')
    expect(versions.some((version) => version.equals(seen))).toBe(true)
  }
  await Promise.all(writes)
})

test('an open stream outlives the deletion of its file', async () => {
  await storage.put('a', Buffer.from('content'), { maxBytes })
  const { stream } = await storage.get('a')
  await storage.delete('a')
  expect(String(await buffer(stream))).toBe('content')
})

test('what is not there is not found, and deleting it is fine', async () => {
  await storage.put('a', Buffer.from('x'), { maxBytes })
  await storage.delete('a')
  await storage.delete('a')
  expect(await filesOnDisk()).toEqual([])
  await expect(storage.get('a')).rejects.toThrow(StoredFileNotFound)
  await expect(storage.getBytes('a')).rejects.toThrow(StoredFileNotFound)
})

test.each([
  '',
  '/',
  '/etc/passwd',
  'a/',
  'a//b',
  '..',
  'a/../b',
  '../a',
  'a.b',
  'a_b',
  'A',
  'a b',
  'a\0',
  'a\n',
  'a\\b',
  'é',
  'a'.repeat(201),
])('%j is not a key', async (key) => {
  await expect(storage.put(key, Buffer.from('x'), { maxBytes })).rejects.toThrow(StorageKeyInvalid)
  await expect(storage.get(key)).rejects.toThrow(StorageKeyInvalid)
  await expect(storage.getBytes(key)).rejects.toThrow(StorageKeyInvalid)
  await expect(storage.delete(key)).rejects.toThrow(StorageKeyInvalid)
  expect(await filesOnDisk()).toEqual([])
})

test('the longest key works', async () => {
  const key = `${'a/'.repeat(99)}aa`
  await storage.put(key, Buffer.from('x'), { maxBytes })
  expect(await storage.getBytes(key)).toHaveLength(1)
})

test('drafts of a process that died are removed at start, those of a running one are not', async () => {
  const [old, young] = [join(folder, 'drafts/old'), join(folder, 'drafts/young')]
  for (const draft of [old, young]) await writeFile(draft, 'half')
  const twoDaysAgo = new Date(Date.now() - 2 * 24 * 60 * 60 * 1000)
  await utimes(old, twoDaysAgo, twoDaysAgo)
  await openDiskStorage(folder)
  expect(await filesOnDisk()).toEqual([young])
})
