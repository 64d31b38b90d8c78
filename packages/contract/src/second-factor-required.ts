import { z } from 'zod'
import { timeSchema } from './common.ts'

/** What can stand beside the first proof: a code of an authenticator app, a passkey, or one of the recovery codes. */
export const secondFactorMethodSchema = z.enum(['totp', 'passkey', 'recovery-code'])
export type SecondFactorMethod = z.infer<typeof secondFactorMethodSchema>

/**
 * The first proof was right, and the person has a second factor: answer `challenge` with one of `methods`. It works once,
 * until `expiresAt`, in the browser (the cookies) that got it.
 */
export const secondFactorRequiredSchema = z
  .object({
    secondFactorRequired: z.literal(true),
    challenge: z.string(),
    methods: z.array(secondFactorMethodSchema),
    expiresAt: timeSchema,
  })
  .meta({ id: 'SecondFactorRequired' })
export type SecondFactorRequired = z.infer<typeof secondFactorRequiredSchema>
