import { z } from 'zod'
import { idSchema, timeSchema } from './common.ts'
import { endpoint } from './endpoint.ts'

/** A site as browsers name it: scheme, host and, where it is not the usual one, port. Comes out as browsers send it. */
export const webOriginTextSchema = z
  .string()
  .trim()
  .max(300)
  .refine((text) => originOf(text) !== undefined, {
    message: 'It has to be scheme, host and port alone, such as https://app.example.com.',
  })
  .meta({ format: 'uri' })
  .transform((text) => originOf(text) ?? '')

function originOf(text: string): string | undefined {
  if (!/^https?:\/\/[^/\\?#@*\s]+\/?$/i.test(text)) return undefined
  const { origin } = URL.parse(text) ?? {}
  return origin
}

/** A site whose pages may call the API of the workspace with an API key or an access token, from the browser. */
export const webOriginSchema = z
  .object({
    id: idSchema,
    origin: z.string(),
    /** Who added it; null when their account is gone. */
    createdBy: z.string().nullable(),
    createdAt: timeSchema,
  })
  .meta({ id: 'WebOrigin' })
export type WebOrigin = z.infer<typeof webOriginSchema>

export const mostWebOrigins = 50

export const webOriginEndpoints = {
  listWebOrigins: endpoint({
    method: 'GET',
    path: '/api/v1/web-origins',
    tag: 'Workspace',
    summary: 'Sites whose pages may call the API of the workspace',
    access: 'workspace:manage',
    response: z.object({ data: z.array(webOriginSchema) }),
  }),
  addWebOrigin: endpoint({
    method: 'POST',
    path: '/api/v1/web-origins',
    tag: 'Workspace',
    summary: 'Let the pages of a site call the API of the workspace (CORS)',
    description: `At most ${mostWebOrigins}. Pages send an API key or an access token; cookies are never taken from other sites.`,
    access: 'workspace:manage',
    body: z.object({ origin: webOriginTextSchema }),
    response: webOriginSchema,
    status: 201,
    idempotent: true,
  }),
  removeWebOrigin: endpoint({
    method: 'DELETE',
    path: '/api/v1/web-origins/{id}',
    tag: 'Workspace',
    summary: 'Have browsers refuse the pages of a site again',
    access: 'workspace:manage',
    params: z.object({ id: idSchema }),
  }),
}
