import { z } from 'zod'
import { idSchema, timeSchema } from './common.ts'
import { endpoint } from './endpoint.ts'

/** An uploaded file. `mediaType` is judged by its bytes, not by its name. */
export const fileSchema = z
  .object({ id: idSchema, name: z.string(), mediaType: z.string(), bytes: z.int(), createdAt: timeSchema })
  .meta({ id: 'File' })
export type FileInfo = z.infer<typeof fileSchema>

export const fileEndpoints = {
  uploadFile: endpoint({
    method: 'POST',
    path: '/api/v1/files',
    tag: 'Files',
    summary: 'Upload a file (multipart, field `file`): an image (PNG, JPEG, GIF, WebP) or text, 20 MB at most',
    access: 'files:write',
    cost: 'expensive',
    idempotent: true,
    response: fileSchema,
    status: 201,
    media: { request: 'multipart/form-data' },
  }),
  getFile: endpoint({
    method: 'GET',
    path: '/api/v1/files/{id}',
    tag: 'Files',
    summary: 'What is known of a file',
    access: 'files:read',
    params: z.object({ id: idSchema }),
    response: fileSchema,
  }),
  downloadFile: endpoint({
    method: 'GET',
    path: '/api/v1/files/{id}/content',
    tag: 'Files',
    summary: 'The bytes of a file',
    access: 'files:read',
    params: z.object({ id: idSchema }),
    media: { response: ['application/octet-stream'] },
    status: 200,
  }),
}
