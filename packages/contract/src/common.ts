import { z } from 'zod'

/** A UUIDv7, made by the server. */
export const idSchema = z.uuid()

/** An instant, ISO 8601 in UTC with milliseconds: `2026-11-24T12:00:00.000Z`. */
export const timeSchema = z.iso.datetime()

/** Where a piece of content came from. Only `user` and `system` are ever trusted as instructions. */
export const originSchema = z.enum(['user', 'model', 'tool', 'file', 'web', 'system'])
export type Origin = z.infer<typeof originSchema>

/** Query of every list: `limit` rows at most, from `cursor` (opaque, from the previous page's `nextCursor`). */
export const pageQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  cursor: z.string().max(500).optional(),
})
export type PageQuery = z.infer<typeof pageQuerySchema>

/** A page of a list; `nextCursor` is null on the last one. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ data: z.array(item), nextCursor: z.string().nullable() })
}

export type Page<T> = { data: T[]; nextCursor: string | null }

/** What a credential may be used for. A session may all that its role allows; an API key only what it lists. */
export const scopes = [
  'conversations:read',
  'conversations:write',
  'files:read',
  'files:write',
  'models:read',
  'models:manage',
  'tools:read',
  'tools:call',
  'tools:manage',
  'presets:read',
  'presets:write',
  'keys:manage',
  'account:read',
  'people:read',
  'people:manage',
  'workspace:manage',
  'usage:read',
  'usage:manage',
  'billing:read',
  'billing:manage',
  'audit:read',
  'audit:manage',
] as const
export const scopeSchema = z.enum(scopes)
export type Scope = z.infer<typeof scopeSchema>

export const roles = ['owner', 'admin', 'member', 'viewer'] as const
export const roleSchema = z.enum(roles)
export type Role = z.infer<typeof roleSchema>
