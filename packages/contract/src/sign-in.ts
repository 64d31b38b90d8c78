import { z } from 'zod'
import { idSchema, pageOf, pageQuerySchema, roleSchema, timeSchema } from './common.ts'
import { endpoint } from './endpoint.ts'
import { signedInSchema } from './identity.ts'
import { secondFactorRequiredSchema } from './second-factor-required.ts'

/** Who vouches for people: `oidc` is any OpenID Connect issuer. */
export const signInKinds = ['google', 'microsoft', 'github', 'oidc'] as const
export const signInKindSchema = z.enum(signInKinds)
export type SignInKind = z.infer<typeof signInKindSchema>

/**
 * Why a sign-in through a provider was refused, and what to do about it. Closed: the error page's address holds one of
 * these codes, and the page shows nothing else of it.
 */
export const signInProblems = {
  unknown_state: {
    title: 'This sign-in did not begin here',
    advice: 'The answer belongs to no sign-in that this server knows. Begin again from the sign-in page.',
  },
  already_used: {
    title: 'This sign-in was used already',
    advice: 'Each one counts once, also after going back or reloading. Begin again from the sign-in page.',
  },
  took_too_long: { title: 'That took too long', advice: 'A sign-in is kept for ten minutes. Begin again.' },
  other_browser: {
    title: 'This sign-in began in another browser',
    advice: 'Finish where you began, under the same address of Parley and with cookies allowed, or begin again here.',
  },
  wrong_issuer: {
    title: 'The answer came from someone else',
    advice:
      'It names another issuer than the provider you chose. Begin again; if it stays so, ask your administrator to check the issuer’s address.',
  },
  wrong_nonce: {
    title: 'The answer belongs to another sign-in',
    advice: 'It was made for another request. Begin again from the sign-in page.',
  },
  token_expired: {
    title: 'The provider’s answer has expired',
    advice:
      'Begin again. If it stays so, the clock of this server or of the provider is wrong: tell your administrator.',
  },
  token_invalid: {
    title: 'The provider’s answer could not be trusted',
    advice: 'Its signature or contents are not right. Begin again; if it stays so, tell your administrator.',
  },
  code_refused: {
    title: 'The provider did not confirm the sign-in',
    advice: 'Its code was used already, or is too old. Begin again from the sign-in page.',
  },
  client_refused: {
    title: 'The provider does not know this server',
    advice: 'It refused the client id or secret. Ask your administrator to correct them in the sign-in settings.',
  },
  denied: {
    title: 'You did not agree',
    advice: 'The provider says that the sign-in was cancelled. Begin again, or sign in another way.',
  },
  provider_failed: {
    title: 'The provider could not sign you in',
    advice: 'It answered with an error. Try again in a moment, or sign in another way.',
  },
  provider_unreachable: {
    title: 'The provider cannot be reached',
    advice: 'It did not answer this server. Try again in a moment, or sign in another way.',
  },
  provider_gone: {
    title: 'This way to sign in is no longer offered',
    advice: 'Its provider was removed. Sign in another way, or ask your administrator.',
  },
  email_missing: {
    title: 'The provider told no email address',
    advice:
      'Parley knows people by one. Add an address to your account there and allow that it is shared, then begin again.',
  },
  email_unverified: {
    title: 'Your email address is not verified there',
    advice: 'Confirm the address with the provider, then begin again. Until then it does not count as yours.',
  },
  not_admitted: {
    title: 'You have no account here',
    advice:
      'Nobody has invited this address, and it gets none by itself. Ask an administrator of the workspace for access.',
  },
  wrong_tenant: {
    title: 'Your organization is not admitted',
    advice: 'Accounts of this organization cannot sign in here. Choose another account, or ask your administrator.',
  },
  account_taken: {
    title: 'That account belongs to someone else here',
    advice: 'It is connected to another person’s account. Disconnect it there first, or choose another one.',
  },
  session_changed: {
    title: 'You are no longer signed in as before',
    advice: 'Connecting an account needs the session in which it began. Sign in and begin again.',
  },
  sso_required: {
    title: 'Your workspace asks for another provider',
    advice: 'It accepts single sign-on through certain providers only. Choose one of them on its sign-in page.',
  },
  too_many: { title: 'Too many tries', advice: 'Wait a little, then begin again.' },
  internal: {
    title: 'Something went wrong here',
    advice: 'It is not your fault. Try again; whoever runs this server finds the reason in its log.',
  },
} as const satisfies Record<string, { title: string; advice: string }>
export type SignInProblem = keyof typeof signInProblems

/** A way to sign in, as the sign-in page offers it. */
export const signInOptionSchema = z
  .object({ id: z.string(), kind: signInKindSchema, name: z.string() })
  .meta({ id: 'SignInOption' })
export type SignInOption = z.infer<typeof signInOptionSchema>

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

const redirectSchema = z
  .object({
    /** Where to send the browser. */
    url: z.string(),
  })
  .meta({ id: 'SignInRedirect' })

const nextPath = z.string().max(2000)
const domainSchema = z
  .string()
  .trim()
  .toLowerCase()
  .max(253)
  .regex(/^(\*|[a-z0-9-]+(\.[a-z0-9-]+)*)$/, 'A domain such as example.com, or * for any.')

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
      next: nextPath.optional(),
      workspaceId: idSchema.optional(),
    }),
    response: redirectSchema,
  }),
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
    body: z.object({ providerId: z.string().min(1).max(100), next: nextPath.optional() }),
    response: redirectSchema,
  }),
  disconnectAccount: endpoint({
    method: 'DELETE',
    path: '/api/v1/me/connected-accounts/{id}',
    tag: 'Sign-in',
    summary: 'Disconnect one; refused when no way to sign in would remain',
    access: 'session',
    params: z.object({ id: idSchema }),
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
