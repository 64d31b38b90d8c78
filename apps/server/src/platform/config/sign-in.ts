import { claimRuleSchema, defaultRoleSchema, idSchema, type SignInKind } from '@parley/contract'
import { z } from 'zod'
import type { Env } from './env.ts'

/** Sign-in through providers, as the operator set it. */
export interface SignInConfig {
  providers: EnvironmentSignInProvider[]
  /** Of email addresses whose people get an account in the first workspace; `*` for any. */
  domains: string[]
  ownersKeepPassword: boolean
}

/** A sign-in provider that the operator set; its client secret is in `secrets.signInSecrets`. */
export interface EnvironmentSignInProvider {
  slug: SignInKind
  name: string
  /** Of the issuer, or of the GitHub server. */
  issuer: string
  tenant: string | null
  clientId: string
  scopes: string[]
  trustsEmail: boolean
  trustsSecondFactor: boolean
  defaultRole: z.output<typeof defaultRoleSchema> | null
  rules: OperatorRule[]
}

/** A rule of the operator's may be about any workspace; without one it is about the first. */
const operatorRuleSchema = claimRuleSchema.safeExtend({ workspaceId: idSchema.optional() })
export type OperatorRule = z.output<typeof operatorRuleSchema>

const rulesSchema = z.partialRecord(
  z.enum(['google', 'microsoft', 'github', 'oidc']),
  z.strictObject({
    rules: z.array(operatorRuleSchema).default([]),
    defaultRole: defaultRoleSchema.nullable().default('member'),
  }),
)
type Rules = z.output<typeof rulesSchema>

/** Where Microsoft's issuers are, by tenant. */
export function microsoftIssuer(tenant: string): string {
  return `https://login.microsoftonline.com/${tenant}/v2.0`
}

/** Reads who may vouch for people; all that makes no sense is told in `problems`, with its remedy. */
export function readSignIn(env: Env): { config: SignInConfig; problems: string[] } {
  const problems: string[] = []
  const rules = readRules(env.PARLEY_SIGN_IN_RULES, problems)
  const providers = declaredProviders(env, problems).map(
    (declared): EnvironmentSignInProvider => ({
      ...declared,
      trustsEmail: env.PARLEY_SIGN_IN_TRUST_EMAIL.includes(declared.slug),
      trustsSecondFactor: env.PARLEY_SIGN_IN_TRUST_MFA.includes(declared.slug),
      ...(rules[declared.slug] ?? { rules: [], defaultRole: 'member' }),
    }),
  )
  const named = [
    ...env.PARLEY_SIGN_IN_TRUST_EMAIL.map((slug) => ['PARLEY_SIGN_IN_TRUST_EMAIL', slug]),
    ...env.PARLEY_SIGN_IN_TRUST_MFA.map((slug) => ['PARLEY_SIGN_IN_TRUST_MFA', slug]),
    ...Object.keys(rules).map((slug) => ['PARLEY_SIGN_IN_RULES', slug]),
  ] as [string, string][]
  for (const [setting, slug] of named) {
    if (providers.some((provider) => provider.slug === slug)) continue
    problems.push(`${setting} names "${slug}", which is not set up. Set its client id, or take it out.`)
  }
  if (env.PARLEY_SIGN_IN_TRUST_EMAIL.includes('microsoft') && isShared(env.MICROSOFT_TENANT)) {
    problems.push(
      'PARLEY_SIGN_IN_TRUST_EMAIL names microsoft, but MICROSOFT_TENANT lets in many tenants, whose administrators write any address. Set MICROSOFT_TENANT to your tenant’s id, or take it out.',
    )
  }
  const domains = env.PARLEY_SIGNUP_DOMAINS.map((domain) => domain.toLowerCase())
  for (const domain of domains) {
    if (domain === '*' || /^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(domain)) continue
    problems.push(`PARLEY_SIGNUP_DOMAINS: "${domain}" is not a domain. Write one such as example.com.`)
  }
  return { config: { providers, domains, ownersKeepPassword: env.PARLEY_SSO_OWNERS_KEEP_PASSWORD }, problems }
}

/** Whether a Microsoft tenant stands for many. */
export function isShared(tenant: string): boolean {
  return ['common', 'organizations', 'consumers'].includes(tenant)
}

type Declared = Pick<EnvironmentSignInProvider, 'slug' | 'name' | 'issuer' | 'tenant' | 'clientId' | 'scopes'>

function declaredProviders(env: Env, problems: string[]): Declared[] {
  const declared: Declared[] = []
  const pairs = [
    ['google', 'Google', 'https://accounts.google.com', 'GOOGLE'],
    ['microsoft', 'Microsoft', microsoftIssuer(env.MICROSOFT_TENANT), 'MICROSOFT'],
    ['github', 'GitHub', env.PARLEY_GITHUB_URL, 'GITHUB'],
  ] as const
  for (const [slug, name, issuer, prefix] of pairs) {
    const clientId = env[`${prefix}_CLIENT_ID`]
    const secret = env[`${prefix}_CLIENT_SECRET`]
    if ((clientId === undefined) !== (secret === undefined)) {
      problems.push(`${prefix}_CLIENT_ID and ${prefix}_CLIENT_SECRET go together. Set both, or neither.`)
    }
    const tenant = slug === 'microsoft' ? env.MICROSOFT_TENANT : null
    if (clientId !== undefined) declared.push({ slug, name, issuer, tenant, clientId, scopes: [] })
  }
  const { PARLEY_OIDC_ISSUER: issuer, PARLEY_OIDC_CLIENT_ID: clientId } = env
  if ((issuer === undefined) !== (clientId === undefined)) {
    problems.push('PARLEY_OIDC_ISSUER and PARLEY_OIDC_CLIENT_ID go together. Set both, or neither.')
  }
  if (issuer !== undefined && clientId !== undefined) {
    declared.push({
      slug: 'oidc',
      name: env.PARLEY_OIDC_NAME,
      issuer,
      tenant: null,
      clientId,
      scopes: env.PARLEY_OIDC_SCOPES,
    })
  }
  return declared
}

function readRules(text: string | undefined, problems: string[]): Rules {
  if (text === undefined) return {}
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    problems.push('PARLEY_SIGN_IN_RULES is not JSON. Write it as docs/sign-in.md shows, or leave it out.')
    return {}
  }
  const parsed = rulesSchema.safeParse(json)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const place = issue?.path.join('.') ?? ''
  problems.push(
    `PARLEY_SIGN_IN_RULES is not usable${place === '' ? '' : ` at ${place}`}: ${issue?.message} Write it as docs/sign-in.md shows, or leave it out.`,
  )
  return {}
}
