import type { Role, SignInKind, SignInOption, SignInProvider, SignInVerdict } from '@parley/contract'
import type { Selectable } from 'kysely'
import type { OperatorRule } from '../../../platform/config/index.ts'
import { type Platform, perServer } from '../../../platform/context.ts'
import { isId } from '../../../platform/crypto/index.ts'
import { findProviderRow, listProviderRows } from './store.ts'
import type { SignInProvidersTable } from './tables.ts'

/** A provider with all that is known of it, whoever set it up. */
export interface KnownProvider {
  /** The operator's: its slug. */
  id: string
  kind: SignInKind
  source: 'environment' | 'workspace'
  /** Whose it is; null for the operator's, which are for all. */
  workspaceId: string | null
  name: string
  issuer: string
  tenant: string | null
  clientId: string
  hasSecret: boolean
  /** @throws KeyringError where the stored one does not open any more */
  clientSecret(): string | undefined
  /** Asked for besides what its kind needs. */
  scopes: string[]
  trustsEmail: boolean
  trustsSecondFactor: boolean
  defaultRole: Exclude<Role, 'owner'> | null
  rules: OperatorRule[]
  verdict: SignInVerdict
  createdAt: Date | null
  /** Changes with everything that a connection is made from. */
  version: string
}

export const untested: SignInVerdict = { ok: false, code: 'untested', detail: 'Not tried yet.', checkedAt: null }

/** The operator's providers; their verdicts are of this process. */
export const environmentProviders = perServer((platform): KnownProvider[] =>
  platform.config.identity.signIn.providers.map(({ slug, ...provider }) => {
    const secret = platform.secrets.signInSecrets[slug]
    return {
      ...provider,
      id: slug,
      kind: slug,
      source: 'environment',
      workspaceId: null,
      hasSecret: secret !== undefined,
      clientSecret: () => secret,
      verdict: untested,
      createdAt: null,
      version: 'environment',
    }
  }),
)

/** All that a workspace's sign-in page offers: the operator's first, then its own, oldest first. */
export async function listOffered(platform: Platform, workspaceId: string): Promise<KnownProvider[]> {
  const rows = await listProviderRows(platform.db, workspaceId)
  return [...environmentProviders(platform), ...rows.map((row) => fromRow(platform, row))]
}

/** Any provider of any workspace: for sign-ins, where nobody acts yet. */
export async function findProvider(platform: Platform, id: string): Promise<KnownProvider | undefined> {
  const own = environmentProviders(platform).find((provider) => provider.id === id)
  if (own) return own
  const row = isId(id) ? await findProviderRow(platform.db, id) : undefined
  return row && fromRow(platform, row)
}

export function fromRow(platform: Platform, row: Selectable<SignInProvidersTable>): KnownProvider {
  const { sealedSecret, updatedAt, ...rest } = row
  return {
    ...rest,
    source: 'workspace',
    hasSecret: sealedSecret !== null,
    clientSecret: () =>
      sealedSecret === null ? undefined : platform.keyring.open(sealedSecret, secretContext(row.id)),
    version: updatedAt.toISOString(),
  }
}

/** Binds a sealed secret to its row: it opens nowhere else. */
export function secretContext(providerId: string): string {
  return `sign-in-provider:${providerId}`
}

/** Each provider leads back to an address of its own, so that no other one can pass off its answers as this one's. */
export function redirectUri(platform: Platform, providerId: string): string {
  return `${platform.config.http.publicUrl}/api/v1/auth/callback/${providerId}`
}

export function presentOption({ id, kind, name }: KnownProvider): SignInOption {
  return { id, kind, name }
}

export function presentProvider(platform: Platform, provider: KnownProvider): SignInProvider {
  const { id, kind, name, source, issuer, tenant, clientId, hasSecret, scopes, verdict, createdAt } = provider
  return {
    id,
    kind,
    name,
    source,
    issuer,
    tenant,
    clientId,
    hasSecret,
    redirectUri: redirectUri(platform, id),
    scopes,
    trustsEmail: provider.trustsEmail,
    trustsSecondFactor: provider.trustsSecondFactor,
    defaultRole: provider.defaultRole,
    rules: provider.rules.map(({ claim, value, role, groupId }) => ({ claim, value, role, groupId })),
    verdict,
    createdAt: createdAt?.toISOString() ?? null,
  }
}
