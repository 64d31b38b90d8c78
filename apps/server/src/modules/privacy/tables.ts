import type { PrivacyMode, PrivateKind } from '@parley/contract'

interface PrivacySettingsTable {
  workspaceId: string
  mode: PrivacyMode
  changedBy: string
  changedAt: Date
}

/** How much was found on a day, never what. */
interface PrivacyCountsTable {
  workspaceId: string
  /** `2026-11-28`, UTC. */
  day: string
  kind: PrivateKind
  count: number
}

declare module '../../platform/database/schema.ts' {
  interface Database {
    privacySettings: PrivacySettingsTable
    privacyCounts: PrivacyCountsTable
  }
}
