import { z } from 'zod'
import { idSchema, timeSchema } from './common.ts'
import { endpoint } from './endpoint.ts'
import { signInAnswerSchema } from './identity.ts'

/** base64url. */
const binary = (characters: number) =>
  z
    .string()
    .max(characters)
    .regex(/^[\w-]+$/, 'Is not base64url.')

/** What is beside the response; other members that browsers send are ignored. */
const credential = {
  /** 1023 bytes at most. */
  id: binary(1400),
  rawId: binary(1400),
  type: z.literal('public-key'),
  authenticatorAttachment: z.enum(['platform', 'cross-platform']).optional(),
  clientExtensionResults: z.record(z.string().max(100), z.unknown()),
}

/** `RegistrationResponseJSON` of Web Authentication Level 3: what `PublicKeyCredential.toJSON()` gives. */
export const passkeyRegistrationSchema = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: binary(10_000),
    attestationObject: binary(100_000),
    transports: z.array(z.string().max(50)).max(10).optional(),
  }),
})

/** `AuthenticationResponseJSON` of Web Authentication Level 3. */
export const passkeyAssertionSchema = z.object({
  ...credential,
  response: z.object({
    clientDataJSON: binary(10_000),
    authenticatorData: binary(10_000),
    signature: binary(10_000),
    userHandle: binary(200).optional(),
  }),
})
export type PasskeyAssertion = z.infer<typeof passkeyAssertionSchema>

/** Options for `navigator.credentials`, as JSON: what `PublicKeyCredential.parse…OptionsFromJSON()` takes. */
export const passkeyOptionsSchema = z.looseObject({ challenge: z.string() })

export const passkeySchema = z
  .object({
    id: idSchema,
    name: z.string(),
    /** Kept by a service that brings it to the person's other devices. */
    synced: z.boolean(),
    createdAt: timeSchema,
    lastUsedAt: timeSchema.nullable(),
    /** Since when it is refused, as a copy of it may be in use. */
    blockedAt: timeSchema.nullable(),
  })
  .meta({ id: 'Passkey' })
export type Passkey = z.infer<typeof passkeySchema>

const nameSchema = z.string().trim().min(1).max(100)

export const passkeyEndpoints = {
  startPasskeySignIn: endpoint({
    method: 'POST',
    path: '/api/v1/auth/passkey/options',
    tag: 'Identity',
    summary: 'Options for signing in with a passkey',
    access: 'public',
    response: passkeyOptionsSchema,
  }),
  signInWithPasskey: endpoint({
    method: 'POST',
    path: '/api/v1/auth/passkey',
    tag: 'Identity',
    summary: 'Sign in with a passkey; it counts as two factors',
    access: 'public',
    body: z.object({ response: passkeyAssertionSchema }),
    response: signInAnswerSchema,
  }),
  listPasskeys: endpoint({
    method: 'GET',
    path: '/api/v1/me/passkeys',
    tag: 'Account security',
    summary: "List one's passkeys, oldest first",
    access: 'session',
    withoutSecondFactor: true,
    response: z.object({ data: z.array(passkeySchema) }),
  }),
  startPasskey: endpoint({
    method: 'POST',
    path: '/api/v1/me/passkeys/options',
    tag: 'Account security',
    summary: 'Options for making a passkey',
    access: 'session',
    withoutSecondFactor: true,
    response: passkeyOptionsSchema,
  }),
  addPasskey: endpoint({
    method: 'POST',
    path: '/api/v1/me/passkeys',
    tag: 'Account security',
    summary: 'Add the passkey that the browser made',
    access: 'session',
    withoutSecondFactor: true,
    body: z.object({ name: nameSchema, response: passkeyRegistrationSchema }),
    /** `recoveryCodes`: when there were none yet; shown this once. */
    response: z.object({ passkey: passkeySchema, recoveryCodes: z.array(z.string()).nullable() }),
    status: 201,
  }),
  renamePasskey: endpoint({
    method: 'PATCH',
    path: '/api/v1/me/passkeys/{id}',
    tag: 'Account security',
    summary: 'Rename a passkey',
    access: 'session',
    params: z.object({ id: idSchema }),
    body: z.object({ name: nameSchema }),
    response: passkeySchema,
  }),
  removePasskey: endpoint({
    method: 'DELETE',
    path: '/api/v1/me/passkeys/{id}',
    tag: 'Account security',
    summary: 'Remove a passkey',
    access: 'session',
    params: z.object({ id: idSchema }),
  }),
}
