import { z } from 'zod'
import { idSchema, pageOf, pageQuerySchema, roleSchema, timeSchema } from './common.ts'
import { endpoint } from './endpoint.ts'

/** Who vouches for people: `oidc` is any OpenID Connect issuer. */
export const signInKinds = ['google', 'microsoft', 'github', 'oidc'] as const
export const signInKindSchema = z.enum(signInKinds)
export type SignInKind = z.infer<typeof signInKindSchema>

/**
 * Who has the claim with this value gets the role, or is in the group; a rule gives one of them. `claim` is a path
 * (`groups`, `realm_access.roles`); a claim that is a list matches when the value is in it, and the value `*` matches any.
 */
export const claimRuleSchema = z
  .object({
    claim: z.string().trim().min(1).max(200),
    value: z.string().trim().min(1).max(300),
    /** A built-in role, or the id of a custom one. */
    role: z.union([roleSchema, idSchema]).optional(),
    groupId: idSchema.optional(),
  })
  .refine(({ role, groupId }) => (role === undefined) !== (groupId === undefined), {
    message: 'A rule gives a role or a group, one of them.',
    path: ['role'],
  })
  .meta({ id: 'ClaimRule' })
export type ClaimRule = z.infer<typeof claimRuleSchema>

/** Nobody becomes an owner without a rule that says so. */
export const defaultRoleSchema = roleSchema.exclude(['owner'])

/** Outcome of trying a provider's address and credentials; `detail` says what to do when it failed. */
export const signInVerdictSchema = z
  .object({
    ok: z.boolean(),
    code: z.enum(['ok', 'untested', 'unreachable', 'egress_refused', 'not_an_issuer', 'unsuitable', 'client_refused']),
    detail: z.string(),
    checkedAt: timeSchema.nullable(),
  })
  .meta({ id: 'SignInVerdict' })
export type SignInVerdict = z.infer<typeof signInVerdictSchema>

/** A provider of sign-ins. The client secret is never sent back. */
export const signInProviderSchema = z
  .object({
    id: z.string(),
    kind: signInKindSchema,
    name: z.string(),
    /** `environment`: set by the operator, for all workspaces; cannot be changed here. */
    source: z.enum(['environment', 'workspace']),
    /** Of the OpenID Connect issuer, or of the GitHub server. */
    issuer: z.string(),
    /** Microsoft alone: whose accounts may sign in. */
    tenant: z.string().nullable(),
    clientId: z.string(),
    hasSecret: z.boolean(),
    /** What to register with the provider as the address it may lead people back to. */
    redirectUri: z.string(),
    scopes: z.array(z.string()),
    trustsEmail: z.boolean(),
    trustsSecondFactor: z.boolean(),
    /** For people whom no rule names; null refuses them where there are rules. */
    defaultRole: defaultRoleSchema.nullable(),
    rules: z.array(claimRuleSchema),
    verdict: signInVerdictSchema,
    createdAt: timeSchema.nullable(),
  })
  .meta({ id: 'SignInProvider' })
export type SignInProvider = z.infer<typeof signInProviderSchema>

const providerInput = {
  name: z.string().trim().min(1).max(60),
  /** `oidc`: the issuer; `github`: the address of an own GitHub Enterprise Server. Set by the kind otherwise. */
  issuer: z.url({ protocol: /^https?$/ }).max(500),
  /** `microsoft`: `common`, `organizations`, `consumers`, or one tenant's id or domain. */
  tenant: z
    .string()
    .trim()
    .max(100)
    .regex(/^[\w.-]+$/),
  clientId: z.string().trim().min(1).max(500),
  clientSecret: z.string().trim().max(2000),
  scopes: z.array(z.string().trim().min(1).max(200)).max(30),
  trustsEmail: z.boolean(),
  trustsSecondFactor: z.boolean(),
  defaultRole: defaultRoleSchema.nullable(),
  rules: z.array(claimRuleSchema).max(200),
  /** Save it although it does not work yet. */
  force: z.boolean(),
}

export const signInProviderEndpoints = {
  listSignInProviders: endpoint({
    method: 'GET',
    path: '/api/v1/sign-in-providers',
    tag: 'Sign-in',
    summary: 'Providers of sign-ins with their state: the operator’s first, then the workspace’s own',
    access: 'workspace:manage',
    query: pageQuerySchema,
    response: pageOf(signInProviderSchema),
  }),
  createSignInProvider: endpoint({
    method: 'POST',
    path: '/api/v1/sign-in-providers',
    tag: 'Sign-in',
    summary: 'Add a provider; it is tried, and kept only if it works or `force` is set',
    access: 'workspace:manage',
    body: z.object({
      kind: signInKindSchema,
      name: providerInput.name,
      clientId: providerInput.clientId,
      /** The one that the settings announced, so that its redirect address could be registered before. */
      id: idSchema.optional(),
      issuer: providerInput.issuer.optional(),
      tenant: providerInput.tenant.optional(),
      clientSecret: providerInput.clientSecret.optional(),
      scopes: providerInput.scopes.optional(),
      trustsEmail: providerInput.trustsEmail.optional(),
      trustsSecondFactor: providerInput.trustsSecondFactor.optional(),
      defaultRole: providerInput.defaultRole.optional(),
      rules: providerInput.rules.optional(),
      force: providerInput.force.optional(),
    }),
    response: signInProviderSchema,
    status: 201,
    idempotent: true,
  }),
  updateSignInProvider: endpoint({
    method: 'PATCH',
    path: '/api/v1/sign-in-providers/{id}',
    tag: 'Sign-in',
    summary: 'Change a provider; tried like a new one',
    access: 'workspace:manage',
    params: z.object({ id: idSchema }),
    body: z.object(providerInput).partial(),
    response: signInProviderSchema,
  }),
  deleteSignInProvider: endpoint({
    method: 'DELETE',
    path: '/api/v1/sign-in-providers/{id}',
    tag: 'Sign-in',
    summary: 'Remove a provider; nobody signs in through it any more',
    access: 'workspace:manage',
    params: z.object({ id: idSchema }),
  }),
  testSignInProvider: endpoint({
    method: 'POST',
    path: '/api/v1/sign-in-providers/{id}/test',
    tag: 'Sign-in',
    summary: 'Try address and credentials now',
    access: 'workspace:manage',
    params: z.object({ id: z.string().max(100) }),
    response: signInProviderSchema,
  }),
}
