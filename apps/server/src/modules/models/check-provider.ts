import type { ProviderVerdict } from '@parley/contract'
import type { Platform } from '../../platform/context.ts'
import { checkAddress, wayOut } from '../outbound/index.ts'
import { isForChat } from './known-models.ts'
import { type ListedModel, listModels } from './list-models.ts'
import { ModelError, type ModelErrorCode } from './model-error.ts'
import type { Connection } from './types.ts'

const CODES: Partial<Record<ModelErrorCode, ProviderVerdict['code']>> = {
  model_auth: 'auth',
  model_quota: 'quota',
  model_rate_limited: 'rate_limited',
  model_overloaded: 'overloaded',
  model_network: 'network',
  model_timeout: 'timeout',
  egress_refused: 'egress_refused',
}

/**
 * Tries an address and a key by asking for the models, on the way out of the workspace; null: it is the operator's.
 * `models` is undefined where that failed.
 */
export async function checkProvider(
  platform: Platform,
  workspaceId: string | null,
  connection: Connection,
): Promise<{ verdict: ProviderVerdict; models: ListedModel[] | undefined }> {
  const checkedAt = platform.clock.now().toISOString()
  const refused = workspaceId === null ? undefined : await checkAddress(platform, workspaceId, connection.baseUrl)
  if (refused !== undefined) {
    const code = refused.includes('was not found') ? 'network' : 'egress_refused'
    return { verdict: { ok: false, code, detail: refused, modelCount: 0, checkedAt }, models: undefined }
  }
  try {
    const way = workspaceId === null ? platform.egress.trusted : await wayOut(platform, workspaceId)
    const models = await listModels(connection, way)
    const modelCount = models.filter((model) => isForChat(model.name)).length
    const detail =
      modelCount === 0 ? 'It answers, but lists no model to chat with. Load one there, then test again.' : 'It works.'
    return { verdict: { ok: true, code: 'ok', detail, modelCount, checkedAt }, models }
  } catch (error) {
    if (!(error instanceof ModelError)) throw error
    const code = CODES[error.code] ?? 'not_a_provider'
    return { verdict: { ok: false, code, detail: error.message, modelCount: 0, checkedAt }, models: undefined }
  }
}
