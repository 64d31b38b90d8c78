import type { ClaimRule, Role, SignInKind, SignInVerdict } from '@parley/contract'
import type { ColumnType } from 'kysely'

/** JSON is read parsed and written as text. */
type Json<T> = ColumnType<T, string, string>

export interface SignInProvidersTable {
  id: string
  workspaceId: string
  kind: SignInKind
  name: string
  issuer: string
  tenant: string | null
  clientId: string
  /** Sealed by the keyring for `sign-in-provider:<id>`. */
  sealedSecret: string | null
  scopes: Json<string[]>
  trustsEmail: boolean
  trustsSecondFactor: boolean
  defaultRole: Exclude<Role, 'owner'> | null
  rules: Json<ClaimRule[]>
  verdict: Json<SignInVerdict>
  createdAt: ColumnType<Date, Date, never>
  updatedAt: Date
}

interface SignInPoliciesTable {
  workspaceId: string
  ssoOnly: boolean
  ssoProviders: Json<string[]>
  domains: Json<string[]>
  updatedAt: Date
}

interface ConnectedAccountsTable {
  id: string
  userId: string
  /** With the subject it is who someone is there; the address is only for people to recognise it by. */
  issuer: string
  subject: string
  kind: SignInKind
  /** The provider it was last used through, and what that was called. */
  providerId: string
  providerName: string
  label: string
  createdAt: ColumnType<Date, Date, never>
  lastUsedAt: Date
}

interface SignInFlowsTable {
  stateHash: string
  /** Of the browser's own secret: nobody else's browser can end what this one began. */
  browserHash: string
  providerId: string
  /** Whose sign-in page it began on; null for the first workspace's. */
  workspaceId: string | null
  /** To connect an account: whose, and in which session it began. */
  userId: string | null
  sessionId: string | null
  /** Nonce and code verifier, sealed. */
  sealed: string
  next: string
  createdAt: Date
  expiresAt: Date
  usedAt: Date | null
}

interface PendingConnectionsTable {
  browserHash: string
  /** The existing account that has the same address. */
  userId: string
  providerId: string
  workspaceId: string | null
  /** What the provider said, sealed. */
  sealed: string
  next: string
  expiresAt: Date
}

declare module '../../../platform/database/schema.ts' {
  interface Database {
    signInProviders: SignInProvidersTable
    signInPolicies: SignInPoliciesTable
    connectedAccounts: ConnectedAccountsTable
    signInFlows: SignInFlowsTable
    pendingConnections: PendingConnectionsTable
  }
}
