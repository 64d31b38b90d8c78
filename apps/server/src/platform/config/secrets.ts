import type { Env } from './env.ts'

/** What must never be logged or shown. Headers and environment of declared MCP servers are in `config.tools.declared`. */
export interface Secrets {
  databaseUrl?: string | undefined
  redisUrl?: string | undefined
  masterKey?: string | undefined
  adminPassword?: string | undefined
  smtpUrl?: string | undefined
  stripeSecretKey?: string | undefined
  stripeWebhookSecret?: string | undefined
  /** The proxy's address may hold a password. */
  egressProxy?: string | undefined
  /** By the slug of the environment provider. */
  providerKeys: Record<string, string | undefined>
  /** Client secrets, by the slug of the sign-in provider. */
  signInSecrets: Record<string, string | undefined>
}

/** Picks the secrets out of the environment. */
export function secretsFrom(env: Env): Secrets {
  return {
    databaseUrl: env.DATABASE_URL,
    redisUrl: env.REDIS_URL,
    masterKey: env.PARLEY_MASTER_KEY,
    adminPassword: env.PARLEY_ADMIN_PASSWORD,
    smtpUrl: env.SMTP_URL,
    stripeSecretKey: env.STRIPE_SECRET_KEY,
    stripeWebhookSecret: env.STRIPE_WEBHOOK_SECRET,
    egressProxy: env.PARLEY_EGRESS_PROXY,
    providerKeys: { openai: env.OPENAI_API_KEY, anthropic: env.ANTHROPIC_API_KEY },
    signInSecrets: {
      google: env.GOOGLE_CLIENT_SECRET,
      microsoft: env.MICROSOFT_CLIENT_SECRET,
      github: env.GITHUB_CLIENT_SECRET,
      oidc: env.PARLEY_OIDC_CLIENT_SECRET,
    },
  }
}
