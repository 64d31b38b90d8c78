import type { FileInfo } from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'
import { isId } from '../../platform/crypto/index.ts'
import { notFound } from '../../platform/errors.ts'
import { maySee } from './access.ts'
import { presentFile } from './present.ts'
import { findFile } from './store.ts'
import type { FileRow } from './tables.ts'

/**
 * What is known of a file the actor may see.
 * @throws AppError not_found
 */
export async function openFile(ctx: Ctx, id: string): Promise<FileInfo> {
  return presentFile(await getFile(ctx, id))
}

/**
 * The same with all of its bytes.
 * @throws AppError not_found
 */
export async function readFileBytes(ctx: Ctx, id: string): Promise<{ file: FileInfo; bytes: Buffer }> {
  const row = await getFile(ctx, id)
  return { file: presentFile(row), bytes: await ctx.storage.getBytes(row.storageKey) }
}

/** The row behind `openFile`. */
export async function getFile(ctx: Ctx, id: string): Promise<FileRow> {
  const row = isId(id) ? await findFile(ctx, id) : undefined
  if (row === undefined || !(await maySee(ctx, row))) throw notFound('file')
  return row
}
