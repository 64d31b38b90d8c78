import { z } from 'zod'
import { idSchema } from './common.ts'
import { endpoint } from './endpoint.ts'
import { signInKindSchema } from './sign-in-providers.ts'

/** A way to sign in, as the sign-in page offers it. */
export const signInOptionSchema = z
  .object({ id: z.string(), kind: signInKindSchema, name: z.string() })
  .meta({ id: 'SignInOption' })
export type SignInOption = z.infer<typeof signInOptionSchema>

/** How people sign in to a workspace. */
export const signInPolicySchema = z
  .object({
    /** Members sign in through a provider, never with a password. Owners may do both, unless the operator says no. */
    ssoOnly: z.boolean(),
    /** Which providers count for that; empty: every one that is offered. */
    ssoProviders: z.array(z.string()),
    /** Whoever has a verified address at one of these gets an account at the first sign-in; `*` means any. */
    domains: z.array(z.string()),
  })
  .meta({ id: 'SignInPolicy' })
export type SignInPolicy = z.infer<typeof signInPolicySchema>

export const signInSettingsSchema = signInPolicySchema
  .extend({
    /** The sign-in page of this workspace, with its providers. */
    signInUrl: z.string(),
    /** Whether owners may sign in with a password where single sign-on is the only way. */
    ownersKeepPassword: z.boolean(),
    /** Id and redirect address for a provider that is about to be added. */
    newProvider: z.object({ id: idSchema, redirectUri: z.string() }),
  })
  .meta({ id: 'SignInSettings' })
export type SignInSettings = z.infer<typeof signInSettingsSchema>

export const signInRedirectSchema = z
  .object({
    /** Where to send the browser. */
    url: z.string(),
  })
  .meta({ id: 'SignInRedirect' })

/** The path of ours to go on at. */
export const nextPathSchema = z.string().max(2000)

const domainSchema = z
  .string()
  .trim()
  .toLowerCase()
  .max(253)
  .regex(/^(\*|[a-z0-9-]+(\.[a-z0-9-]+)*)$/, 'A domain such as example.com, or * for any.')

export const signInEndpoints = {
  getSignInOptions: endpoint({
    method: 'GET',
    path: '/api/v1/auth/options',
    tag: 'Sign-in',
    summary: 'Ways to sign in: to the workspace named, else to the first one',
    access: 'public',
    query: z.object({ workspaceId: idSchema.optional() }),
    response: z.object({ providers: z.array(signInOptionSchema), ssoOnly: z.boolean() }),
  }),
  startProviderSignIn: endpoint({
    method: 'POST',
    path: '/api/v1/auth/providers/{id}/start',
    tag: 'Sign-in',
    summary: 'Begin a sign-in through a provider; send the browser to the answered address',
    access: 'public',
    params: z.object({ id: z.string().max(100) }),
    body: z.object({
      /** The path of ours to go on at. */
      next: nextPathSchema.optional(),
      workspaceId: idSchema.optional(),
    }),
    response: signInRedirectSchema,
  }),
  getSignInSettings: endpoint({
    method: 'GET',
    path: '/api/v1/workspace/sign-in',
    tag: 'Sign-in',
    summary: 'How people sign in to the workspace',
    access: 'workspace:manage',
    response: signInSettingsSchema,
  }),
  updateSignInSettings: endpoint({
    method: 'PATCH',
    path: '/api/v1/workspace/sign-in',
    tag: 'Sign-in',
    summary: 'Change it; single sign-on only needs that whoever turns it on has signed in that way',
    access: 'workspace:manage',
    body: z
      .object({
        ssoOnly: z.boolean(),
        ssoProviders: z.array(z.string().min(1).max(100)).max(50),
        domains: z.array(domainSchema).max(100),
      })
      .partial(),
    response: signInSettingsSchema,
  }),
}
