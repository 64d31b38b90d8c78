import { z } from 'zod'
import { idSchema, timeSchema } from './common.ts'
import { endpoint } from './endpoint.ts'

/** A place where the person is signed in. */
export const sessionSchema = z
  .object({
    id: idSchema,
    /** The one that asks. */
    current: z.boolean(),
    /** What the browser says of itself; null where it says nothing known. */
    browser: z.string().nullable(),
    system: z.string().nullable(),
    device: z.enum(['computer', 'phone', 'tablet', 'program']),
    /** As the server saw it at the last use. */
    address: z.string().nullable(),
    /** Where that address is: on the server's own machine, in a private network, or in the internet. */
    network: z.enum(['this-server', 'private', 'internet']).nullable(),
    /** Of the browser at the last use, as it says: `Europe/Berlin`. */
    timeZone: z.string().nullable(),
    secondFactor: z.boolean(),
    createdAt: timeSchema,
    lastUsedAt: timeSchema,
    expiresAt: timeSchema,
  })
  .meta({ id: 'Session' })
export type Session = z.infer<typeof sessionSchema>

export const sessionEndpoints = {
  listSessions: endpoint({
    method: 'GET',
    path: '/api/v1/me/sessions',
    tag: 'Account security',
    summary: 'List where one is signed in, last used first',
    access: 'session',
    response: z.object({ data: z.array(sessionSchema) }),
  }),
  revokeSession: endpoint({
    method: 'DELETE',
    path: '/api/v1/me/sessions/{id}',
    tag: 'Account security',
    summary: 'Sign out somewhere; open streams end at once',
    access: 'session',
    params: z.object({ id: idSchema }),
  }),
  revokeOtherSessions: endpoint({
    method: 'POST',
    path: '/api/v1/me/sessions/revoke-others',
    tag: 'Account security',
    summary: 'Sign out everywhere else',
    access: 'session',
    response: z.object({ revoked: z.int() }),
  }),
}
