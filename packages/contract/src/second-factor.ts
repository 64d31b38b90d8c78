import { z } from 'zod'
import { idSchema, timeSchema } from './common.ts'
import { endpoint } from './endpoint.ts'
import { signedInSchema } from './identity.ts'
import { passkeyAssertionSchema, passkeyOptionsSchema } from './passkeys.ts'

/** As an authenticator app shows it, with or without the space in the middle. */
export const totpCodeSchema = z
  .string()
  .max(20)
  .trim()
  .min(1)
  .transform((code) => code.replaceAll(/\s/g, ''))

const challengeSchema = z.string().min(1).max(200)

/** Recovery codes, shown this once: Parley keeps only hashes of them. */
const recoveryCodesSchema = z.array(z.string())

/** What a second factor that was just set up comes with: the recovery codes, if there were none yet. */
export const factorAddedSchema = z.object({ recoveryCodes: recoveryCodesSchema.nullable() })

/** Whether a workspace asks its people for a second factor, and since or from when. */
export const secondFactorPolicySchema = z
  .object({ required: z.boolean(), requiredFrom: timeSchema.nullable() })
  .meta({ id: 'SecondFactorPolicy' })
export type SecondFactorPolicy = z.infer<typeof secondFactorPolicySchema>

export const secondFactorEndpoints = {
  answerSecondFactor: endpoint({
    method: 'POST',
    path: '/api/v1/auth/second-factor',
    tag: 'Identity',
    summary: 'Finish a sign-in with the second factor',
    access: 'public',
    body: z.discriminatedUnion('method', [
      z.object({ method: z.literal('totp'), challenge: challengeSchema, code: totpCodeSchema }),
      z.object({ method: z.literal('recovery-code'), challenge: challengeSchema, code: z.string().max(50) }),
      z.object({ method: z.literal('passkey'), challenge: challengeSchema, response: passkeyAssertionSchema }),
    ]),
    response: signedInSchema,
  }),
  startSecondFactorPasskey: endpoint({
    method: 'POST',
    path: '/api/v1/auth/second-factor/passkey-options',
    tag: 'Identity',
    summary: 'Options for using a passkey as second factor',
    access: 'public',
    body: z.object({ challenge: challengeSchema }),
    response: passkeyOptionsSchema,
  }),
  startTotp: endpoint({
    method: 'POST',
    path: '/api/v1/me/totp',
    tag: 'Account security',
    summary: 'Begin to set up an authenticator app; it counts once a code of it was confirmed',
    access: 'session',
    withoutSecondFactor: true,
    /** `uri` is for the QR code, `secret` (base32) to type in. */
    response: z.object({ secret: z.string(), uri: z.string(), expiresAt: timeSchema }),
  }),
  confirmTotp: endpoint({
    method: 'POST',
    path: '/api/v1/me/totp/confirm',
    tag: 'Account security',
    summary: 'Confirm the authenticator app with a code that it shows',
    access: 'session',
    withoutSecondFactor: true,
    body: z.object({ code: totpCodeSchema }),
    response: factorAddedSchema,
  }),
  removeTotp: endpoint({
    method: 'DELETE',
    path: '/api/v1/me/totp',
    tag: 'Account security',
    summary: 'Remove the authenticator app',
    access: 'session',
  }),
  makeRecoveryCodes: endpoint({
    method: 'POST',
    path: '/api/v1/me/recovery-codes',
    tag: 'Account security',
    summary: 'Make new recovery codes; the former ones stop working',
    access: 'session',
    response: z.object({ recoveryCodes: recoveryCodesSchema }),
  }),
  getSecondFactorPolicy: endpoint({
    method: 'GET',
    path: '/api/v1/workspace/second-factor',
    tag: 'Workspace',
    summary: 'Whether the workspace asks for a second factor',
    access: 'account:read',
    response: secondFactorPolicySchema,
  }),
  setSecondFactorPolicy: endpoint({
    method: 'PUT',
    path: '/api/v1/workspace/second-factor',
    tag: 'Workspace',
    summary: 'Ask everyone in the workspace for a second factor, after a time of grace, or no more',
    access: 'workspace:manage',
    body: z.object({ required: z.boolean(), graceDays: z.int().min(0).max(90).default(7) }),
    response: secondFactorPolicySchema,
  }),
  resetSecondFactor: endpoint({
    method: 'POST',
    path: '/api/v1/people/{id}/reset-second-factor',
    tag: 'Workspace',
    summary: 'Remove all second factors of somebody who lost them; ends their sessions',
    access: 'people:manage',
    params: z.object({ id: idSchema }),
  }),
}
