import type { FileInfo } from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'
import { newId } from '../../platform/crypto/index.ts'
import { AppError } from '../../platform/errors.ts'
import { type Idempotency, once, withContent } from '../../platform/http/index.ts'
import { StorageLimitExceeded } from '../../platform/storage/index.ts'
import { cleanFileName } from './file-name.ts'
import { judgeFile } from './media-type.ts'
import { presentFile } from './present.ts'
import { insertFile } from './store.ts'

/** The largest file that is taken. */
export const maxFileBytes = 20 * 1024 * 1024

/**
 * Has `work` read a file to its end into `put`; stores its row after, and removes the bytes when anything fails, or when
 * the same file came with the same key before.
 */
export async function keepFile(
  ctx: Ctx,
  work: (put: (name: string, content: AsyncIterable<Uint8Array>) => Promise<Kept>) => Promise<Kept>,
  idempotency?: Idempotency,
): Promise<FileInfo> {
  const id = newId()
  const storageKey = `files/${id}`
  try {
    const kept = await work(async (name, source) => {
      const cleanName = cleanFileName(name)
      const { content, mediaType } = judgeFile(source, cleanName)
      const { bytes, sha256 } = await ctx.storage.put(storageKey, content, { maxBytes: maxFileBytes })
      return { name: cleanName, mediaType: mediaType(), bytes, sha256 }
    })
    const key = idempotency && withContent(idempotency, kept)
    const file = await once(ctx, key, async (tx) => presentFile(await insertFile(tx, { id, storageKey, ...kept })))
    if (file.id !== id) await ctx.storage.delete(storageKey)
    return file
  } catch (error) {
    await ctx.storage.delete(storageKey)
    throw error instanceof StorageLimitExceeded ? tooLarge() : error
  }
}

interface Kept {
  name: string
  mediaType: string
  bytes: number
  sha256: string
}

/**
 * Stores bytes as a file of the actor. The type is judged by the bytes.
 * @throws AppError unsupported_media_type, payload_too_large (20 MB), invalid_request when empty
 */
export function saveFile(ctx: Ctx, file: { name: string; bytes: Buffer }): Promise<FileInfo> {
  async function* whole() {
    yield file.bytes
  }
  return keepFile(ctx, (put) => put(file.name, whole()))
}

export function tooLarge(): AppError {
  return new AppError('payload_too_large', 'The file is larger than 20 MB.')
}
