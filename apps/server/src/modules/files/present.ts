import type { FileInfo } from '@parley/contract'
import type { FileRow } from './tables.ts'

export function presentFile({ id, name, mediaType, bytes, createdAt }: FileRow): FileInfo {
  return { id, name, mediaType, bytes, createdAt: createdAt.toISOString() }
}
