import type { ColumnType } from 'kysely'
import type { ProviderProof } from '../sign-in.ts'

interface TotpFactorsTable {
  userId: string
  /** Sealed; null until the first code was right. */
  secret: string | null
  confirmedAt: Date | null
  /** Sealed: an authenticator app being set up, maybe to take the place of another. */
  pendingSecret: string | null
  pendingUntil: Date | null
  /** The newest time step whose code was used; no code of it or an older one is good any more. */
  lastStep: number | null
}

interface RecoveryCodesTable {
  /** Keyed hash of the person and the code. */
  hash: string
  userId: string
  createdAt: Date
}

interface SecondFactorTriesTable {
  userId: string
  failures: number
  /** No further try before. */
  nextAt: Date
}

interface SecondFactorChallengesTable {
  id: string
  /** Of the token that the client got. */
  tokenHash: string
  /** Of the browser's own secret. */
  browserHash: string
  userId: string
  workspaceId: string
  /** How the person proved themselves so far. */
  method: string
  /** The identity provider they did it through. */
  provider: ColumnType<ProviderProof | null, string | null, never>
  tries: number
  createdAt: Date
  expiresAt: Date
}

interface SecondFactorPoliciesTable {
  workspaceId: string
  required: boolean
  /** When it begins to bind. */
  requiredFrom: Date
  updatedAt: Date
  updatedBy: string | null
}

declare module '../../../platform/database/schema.ts' {
  interface Database {
    totpFactors: TotpFactorsTable
    recoveryCodes: RecoveryCodesTable
    secondFactorTries: SecondFactorTriesTable
    secondFactorChallenges: SecondFactorChallengesTable
    secondFactorPolicies: SecondFactorPoliciesTable
  }
}
