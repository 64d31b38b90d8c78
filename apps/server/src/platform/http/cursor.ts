import type { z } from 'zod'
import { AppError } from '../errors.ts'

/** The place a page ended at, as opaque text for the next request. */
export function encodeCursor(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** Reads a cursor; `invalid_request` for what `encodeCursor` did not make for this list. */
export function decodeCursor<T>(schema: z.ZodType<T>, text: string): T {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(text, 'base64url').toString())
  } catch {
    value = undefined
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new AppError('invalid_request', 'The cursor is not one that this list gave. Leave it out to start over.', {
    fields: [{ pointer: '/cursor', message: 'Not a cursor of this list.' }],
  })
}
