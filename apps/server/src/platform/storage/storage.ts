import type { Readable } from 'node:stream'

/**
 * Files by key, on disk or in a bucket. A key is one or more parts of `a-z 0-9 -` joined by `/`, at most 200 characters
 * (`files/0198c1f2-...`); any other key is a StorageKeyInvalid.
 */
export type Storage = {
  /**
   * Stores a file whole, replacing one of the same key. Once it resolves the file survives a power loss; when it rejects (the
   * source failed, or StorageLimitExceeded after `maxBytes`), what was there before is unchanged and nothing is left behind.
   */
  put(key: string, content: StorageContent, options: { maxBytes: number }): Promise<StoredFile>
  /** Opens a file for reading. Throws StoredFileNotFound. A stream not read to its end must be destroyed. */
  get(key: string): Promise<{ stream: Readable; bytes: number }>
  /** The whole file in memory. Throws StoredFileNotFound. */
  getBytes(key: string): Promise<Buffer>
  /** Deletes a file; fine if there is none. */
  delete(key: string): Promise<void>
}

/** A whole file, or its pieces in order (a Readable is one). */
export type StorageContent = Uint8Array | AsyncIterable<Uint8Array>

/** `sha256` in hex. */
export type StoredFile = { bytes: number; sha256: string }

/** A file was larger than its `maxBytes`. */
export class StorageLimitExceeded extends Error {
  override readonly name = 'StorageLimitExceeded'
  readonly maxBytes: number

  constructor(maxBytes: number) {
    super(`The file is larger than ${maxBytes} bytes.`)
    this.maxBytes = maxBytes
  }
}

/** There is no file of this key. */
export class StoredFileNotFound extends Error {
  override readonly name = 'StoredFileNotFound'

  constructor(key: string) {
    super(`No stored file has the key ${key}.`)
  }
}

/** A key outside the format: a mistake in the caller, as keys are made by the server. */
export class StorageKeyInvalid extends Error {
  override readonly name = 'StorageKeyInvalid'

  constructor(key: string) {
    super(`${JSON.stringify(key)} is not a storage key.`)
  }
}

const KEY_FORMAT = /^[a-z0-9-]+(\/[a-z0-9-]+)*$/

/** Throws StorageKeyInvalid unless the key is well formed. */
export function requireStorageKey(key: string): void {
  if (key.length > 200 || !KEY_FORMAT.test(key)) throw new StorageKeyInvalid(key)
}
