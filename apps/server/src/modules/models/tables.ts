import type { ProviderVerdict } from '@parley/contract'
import type { ColumnType } from 'kysely'
import type { ListedModel } from './list-models.ts'

/** JSON is read parsed and written as text. */
type Json<T> = ColumnType<T, string, string>

export interface ModelProvidersTable {
  id: string
  workspaceId: string
  slug: string
  name: string
  protocol: 'openai' | 'anthropic'
  baseUrl: string
  /** Sealed by the keyring for `model-provider:<id>`. */
  sealedKey: string | null
  keyHint: string | null
  verdict: Json<ProviderVerdict>
  /** As the provider listed them last; shown while it is away. */
  models: Json<ListedModel[]>
  createdAt: ColumnType<Date, Date, never>
  updatedAt: Date
}

interface ModelSettingsTable {
  workspaceId: string
  defaultModel: string | null
}

/** What the operator's providers listed last, so that a start while they are away knows their models. */
interface EnvironmentModelsTable {
  slug: string
  baseUrl: string
  models: Json<ListedModel[]>
  updatedAt: Date
}

declare module '../../platform/database/schema.ts' {
  interface Database {
    modelProviders: ModelProvidersTable
    modelSettings: ModelSettingsTable
    environmentModels: EnvironmentModelsTable
  }
}
