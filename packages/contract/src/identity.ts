import { z } from 'zod'
import { idSchema, roleSchema, scopeSchema, timeSchema } from './common.ts'
import { endpoint } from './endpoint.ts'
import { secondFactorRequiredSchema } from './second-factor-required.ts'

export const emailSchema = z
  .email()
  .max(254)
  .transform((email) => email.toLowerCase())
export const passwordSchema = z.string().min(10, 'At least 10 characters.').max(200)
const nameSchema = z.string().trim().min(1).max(100)

/** `role` of people with a custom role is `viewer`, the built-in one that may least; `customRole` says more. */
export const workspaceSchema = z
  .object({
    id: idSchema,
    name: z.string(),
    role: roleSchema,
    customRole: z.object({ id: idSchema, name: z.string() }).nullable(),
  })
  .meta({ id: 'Workspace' })
export type Workspace = z.infer<typeof workspaceSchema>

/** The signed-in person, the workspace the session is in, and what may be done there. */
export const userSchema = z
  .object({
    id: idSchema,
    email: z.string(),
    /** Whether they have shown that the address is theirs. */
    emailVerified: z.boolean(),
    name: z.string(),
    /** `service`: a service account, seen with one of its keys. */
    kind: z.enum(['person', 'service']),
    workspace: workspaceSchema,
    scopes: z.array(scopeSchema),
    /** Nothing else works in this workspace until the person has shown a second factor. */
    secondFactorRequired: z.literal(true).optional(),
    createdAt: timeSchema,
  })
  .meta({ id: 'User' })
export type User = z.infer<typeof userSchema>

/** `accessToken` is a JWT for `Authorization: Bearer`, good for `expiresIn` seconds; `refreshToken` buys the next, once. */
export const signedInSchema = z
  .object({ accessToken: z.string(), refreshToken: z.string(), expiresIn: z.int(), user: userSchema })
  .meta({ id: 'SignedIn' })
export type SignedIn = z.infer<typeof signedInSchema>

/** What a way of signing in answers: tokens, or the question for a second factor. */
export const signInAnswerSchema = z.union([signedInSchema, secondFactorRequiredSchema])
export type SignInAnswer = z.infer<typeof signInAnswerSchema>

/** What the sign-in screen needs to know before anyone is signed in. */
export const setupStateSchema = z.object({
  needsOwner: z.boolean(),
  signup: z.enum(['open', 'invite', 'closed']),
  /** Whether mails reach people: links to confirm an address or to choose a new password. */
  sendsMail: z.boolean(),
})

export const identityEndpoints = {
  getSetup: endpoint({
    method: 'GET',
    path: '/api/v1/auth/setup',
    tag: 'Identity',
    summary: 'Tell whether the first owner is still to be made, and who may sign up',
    access: 'public',
    response: setupStateSchema,
  }),
  register: endpoint({
    method: 'POST',
    path: '/api/v1/auth/register',
    tag: 'Identity',
    summary: 'Sign up with a mailed link or an invitation; with the set-up token, become the first owner',
    access: 'public',
    body: z.object({
      /** Needed unless the link or the invitation is for an address. */
      email: emailSchema.optional(),
      password: passwordSchema,
      name: nameSchema,
      /** Token of the mailed link that confirms the address. */
      link: z.string().min(1).max(200).optional(),
      /** Token of an invitation. */
      invitation: z.string().min(1).max(200).optional(),
      setupToken: z.string().max(200).optional(),
      workspaceName: nameSchema.optional(),
    }),
    response: signedInSchema,
    status: 201,
  }),
  login: endpoint({
    method: 'POST',
    path: '/api/v1/auth/login',
    tag: 'Identity',
    summary: 'Sign in with email and password; answers tokens, or asks for the second factor',
    access: 'public',
    body: z.object({ email: emailSchema, password: z.string().max(200) }),
    response: signInAnswerSchema,
  }),
  refresh: endpoint({
    method: 'POST',
    path: '/api/v1/auth/refresh',
    tag: 'Identity',
    summary: 'Trade the refresh token for new tokens; the old one stops working',
    access: 'public',
    body: z.object({ refreshToken: z.string().max(200) }),
    response: signedInSchema,
  }),
  logout: endpoint({
    method: 'POST',
    path: '/api/v1/auth/logout',
    tag: 'Identity',
    summary: 'Sign out: end this session',
    withoutSecondFactor: true,
    access: 'session',
    response: z.object({
      /** Where the browser ends its session with the identity provider as well; null where there is none. */
      continueAt: z.string().nullable(),
    }),
  }),
  getMe: endpoint({
    method: 'GET',
    path: '/api/v1/me',
    tag: 'Identity',
    summary: 'The signed-in person',
    withoutSecondFactor: true,
    access: 'account:read',
    response: userSchema,
  }),
  updateMe: endpoint({
    method: 'PATCH',
    path: '/api/v1/me',
    tag: 'Identity',
    summary: 'Change the name or the password; a new password needs the current one, if there is one',
    access: 'session',
    body: z
      .object({ name: nameSchema, currentPassword: z.string().max(200), newPassword: passwordSchema })
      .partial()
      .refine((body) => body.newPassword !== undefined || body.currentPassword === undefined, {
        message: 'Is missing.',
        path: ['newPassword'],
      }),
    response: userSchema,
  }),
}
