import { createHash, randomUUID } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  requireStorageKey,
  type Storage,
  type StorageContent,
  StorageLimitExceeded,
  type StoredFile,
  StoredFileNotFound,
} from './storage.ts'

/** A draft this old was left by a process that died. Younger ones may be another process's uploads. */
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000

/** Keeps files under a folder, which is made if missing: 256 subfolders by the key's hash, one file per key. */
export async function openDiskStorage(folder: string): Promise<Storage> {
  const drafts = join(folder, 'drafts')
  await mkdir(drafts, { recursive: true, mode: 0o700 })
  await removeAbandoned(drafts)

  // `_` is not in keys: names stay unique, and no file stands where another key needs a folder.
  function fileOf(key: string): string {
    requireStorageKey(key)
    const shard = createHash('sha256').update(key).digest('hex').slice(0, 2)
    return join(folder, shard, key.replaceAll('/', '_'))
  }

  async function openFile(key: string): Promise<FileHandle> {
    try {
      return await open(fileOf(key), 'r')
    } catch (error) {
      throw isMissing(error) ? new StoredFileNotFound(key) : error
    }
  }

  return {
    async put(key, content, { maxBytes }) {
      const file = fileOf(key)
      const draft = join(drafts, randomUUID())
      try {
        const stored = await writeDraft(draft, content, maxBytes)
        const made = await mkdir(dirname(file), { recursive: true, mode: 0o700 })
        await rename(draft, file)
        await syncFolder(dirname(file))
        if (made !== undefined) await syncFolder(folder)
        return stored
      } catch (error) {
        await rm(draft, { force: true })
        throw error
      }
    },
    async get(key) {
      const handle = await openFile(key)
      const { size } = await handle.stat()
      return { stream: handle.createReadStream(), bytes: size }
    },
    async getBytes(key) {
      await using handle = await openFile(key)
      return await handle.readFile()
    },
    async delete(key) {
      await rm(fileOf(key), { force: true })
    },
  }
}

async function writeDraft(draft: string, content: StorageContent, maxBytes: number): Promise<StoredFile> {
  await using handle = await open(draft, 'wx', 0o600)
  const hash = createHash('sha256')
  let bytes = 0
  // Throwing out of the loop destroys a stream that is not at its end.
  for await (const chunk of content instanceof Uint8Array ? [content] : content) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw new StorageLimitExceeded(maxBytes)
    hash.update(chunk)
    await handle.writeFile(chunk)
  }
  await handle.sync()
  return { bytes, sha256: hash.digest('hex') }
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r')
  await handle.sync()
}

async function removeAbandoned(drafts: string): Promise<void> {
  for (const name of await readdir(drafts)) {
    const draft = join(drafts, name)
    try {
      const { mtimeMs } = await stat(draft)
      if (Date.now() - mtimeMs > ABANDONED_AFTER_MS) await rm(draft, { force: true })
    } catch (error) {
      if (!isMissing(error)) throw error // gone meanwhile: the upload of another process ended
    }
  }
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}
