import { z } from 'zod'
import { idSchema, pageOf, pageQuerySchema, timeSchema } from './common.ts'
import { endpoint } from './endpoint.ts'
import { signedInSchema } from './identity.ts'
import { secondFactorRequiredSchema } from './second-factor-required.ts'
import { nextPathSchema, signInRedirectSchema } from './sign-in.ts'
import { signInKindSchema } from './sign-in-providers.ts'

/** An account with a provider by which a person can sign in. */
export const connectedAccountSchema = z
  .object({
    id: idSchema,
    kind: signInKindSchema,
    providerName: z.string(),
    issuer: z.string(),
    /** The address or name that it has there. */
    label: z.string(),
    createdAt: timeSchema,
    lastUsedAt: timeSchema,
    /** Whether it can be disconnected: some way to sign in has to remain. */
    removable: z.boolean(),
  })
  .meta({ id: 'ConnectedAccount' })
export type ConnectedAccount = z.infer<typeof connectedAccountSchema>

/** A sign-in that waits for the person to say that an existing account is theirs. */
export const pendingConnectionSchema = z
  .object({
    providerName: z.string(),
    kind: signInKindSchema,
    email: z.string(),
    /** Whether this browser is signed in to that account. */
    signedIn: z.boolean(),
    next: z.string(),
  })
  .meta({ id: 'PendingConnection' })
export type PendingConnection = z.infer<typeof pendingConnectionSchema>

export const connectedAccountEndpoints = {
  getPendingConnection: endpoint({
    method: 'GET',
    path: '/api/v1/auth/connection',
    tag: 'Sign-in',
    summary: 'The sign-in of this browser that waits to be connected with an existing account; null when there is none',
    access: 'public',
    response: z.object({ pending: pendingConnectionSchema.nullable() }),
  }),
  connectWithPassword: endpoint({
    method: 'POST',
    path: '/api/v1/auth/connection',
    tag: 'Sign-in',
    summary: 'Connect it with the existing account by that account’s password, and sign in',
    access: 'public',
    body: z.object({ password: z.string().max(200) }),
    response: z.union([signedInSchema, secondFactorRequiredSchema]),
  }),
  connectSignedIn: endpoint({
    method: 'POST',
    path: '/api/v1/me/connected-accounts/pending',
    tag: 'Sign-in',
    summary: 'Connect it with the account that is signed in here, if that is the one it was meant for',
    access: 'session',
    response: connectedAccountSchema,
  }),
  listConnectedAccounts: endpoint({
    method: 'GET',
    path: '/api/v1/me/connected-accounts',
    tag: 'Sign-in',
    summary: 'Accounts with providers by which the person can sign in',
    access: 'session',
    query: pageQuerySchema,
    response: pageOf(connectedAccountSchema),
  }),
  startConnecting: endpoint({
    method: 'POST',
    path: '/api/v1/me/connected-accounts',
    tag: 'Sign-in',
    summary: 'Begin to connect an account with a provider; send the browser to the answered address',
    access: 'session',
    body: z.object({ providerId: z.string().min(1).max(100), next: nextPathSchema.optional() }),
    response: signInRedirectSchema,
  }),
  disconnectAccount: endpoint({
    method: 'DELETE',
    path: '/api/v1/me/connected-accounts/{id}',
    tag: 'Sign-in',
    summary: 'Disconnect one; refused when no way to sign in would remain',
    access: 'session',
    params: z.object({ id: idSchema }),
  }),
}
