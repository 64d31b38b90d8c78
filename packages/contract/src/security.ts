import { z } from 'zod'
import { timeSchema } from './common.ts'
import { endpoint } from './endpoint.ts'
import { passkeyAssertionSchema, passkeyOptionsSchema } from './passkeys.ts'
import { secondFactorPolicySchema, totpCodeSchema } from './second-factor.ts'

export const proofMethodSchema = z.enum(['password', 'totp', 'passkey'])
export type ProofMethod = z.infer<typeof proofMethodSchema>

/** How the signed-in person's account is secured. */
export const securitySchema = z
  .object({
    hasPassword: z.boolean(),
    /** When the authenticator app was set up. */
    totpSince: timeSchema.nullable(),
    passkeys: z.int(),
    recoveryCodesLeft: z.int(),
    /** Passkeys are tied to this address; they work nowhere else. Null where they cannot work at all. */
    passkeyOrigin: z.string().nullable(),
    /** What the workspace asks for. */
    policy: secondFactorPolicySchema,
    /** Whether this session has shown a second factor. */
    secondFactorShown: z.boolean(),
    /** Until when sensitive changes need no new proof; null when they need one now. */
    provenUntil: timeSchema.nullable(),
    /** What proves that it is the person. Empty: only signing in again does. */
    proofMethods: z.array(proofMethodSchema),
  })
  .meta({ id: 'Security' })
export type Security = z.infer<typeof securitySchema>

export const securityEndpoints = {
  getSecurity: endpoint({
    method: 'GET',
    path: '/api/v1/me/security',
    tag: 'Account security',
    summary: 'How the account is secured',
    access: 'session',
    withoutSecondFactor: true,
    response: securitySchema,
  }),
  prove: endpoint({
    method: 'POST',
    path: '/api/v1/me/proof',
    tag: 'Account security',
    summary: 'Confirm that it is you, for sensitive changes in the next ten minutes',
    access: 'session',
    withoutSecondFactor: true,
    body: z.discriminatedUnion('method', [
      z.object({ method: z.literal('password'), password: z.string().max(200) }),
      z.object({ method: z.literal('totp'), code: totpCodeSchema }),
      z.object({ method: z.literal('passkey'), response: passkeyAssertionSchema }),
    ]),
    response: z.object({ provenUntil: timeSchema }),
  }),
  startProofPasskey: endpoint({
    method: 'POST',
    path: '/api/v1/me/proof/passkey-options',
    tag: 'Account security',
    summary: 'Options for confirming with a passkey',
    access: 'session',
    withoutSecondFactor: true,
    response: passkeyOptionsSchema,
  }),
}
