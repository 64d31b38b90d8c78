import { z } from 'zod'

/** What a provider said of whoever signed in there. `issuer` and `subject` say who it is; everything else may change. */
export interface ProvenIdentity {
  issuer: string
  subject: string
  /** Lower case. */
  email: string | null
  emailVerified: boolean
  name: string
  /** To recognise the account by: its address or name there. */
  label: string
  /** For the rules. */
  claims: Record<string, unknown>
  idToken: string | null
  /** Whether the provider says that it asked for two factors. */
  twoFactors: boolean
}

/** The text of a claim, tidied to what can be stored and shown. */
export function textOf(value: unknown, maxLength: number): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined
  const text = String(value)
    .replaceAll(/\p{Cc}/gu, ' ')
    .toWellFormed()
    .trim()
    .slice(0, maxLength)
    .toWellFormed()
  return text === '' ? undefined : text
}

/** An email address as people are stored under, if it is one: ASCII, as everywhere else. */
export function emailOf(value: unknown): string | null {
  const parsed = z.email().max(254).safeParse(value)
  return parsed.success ? parsed.data.toLowerCase() : null
}
