import { type Dispatcher, egressRequest } from '../../platform/net/index.ts'
import { anthropic } from './adapters/anthropic.ts'
import { openai } from './adapters/openai.ts'
import { classifyFailure, classifyNetworkFailure, isRecord } from './classify-failure.ts'
import { ModelError } from './model-error.ts'
import type { Connection } from './types.ts'

/** A model as its provider lists it; most list little more than the name. */
export interface ListedModel {
  name: string
  displayName?: string
  contextTokens?: number
  maxOutputTokens?: number
}

const DEADLINE_MS = 15_000
const MAX_BYTES = 8 * 1024 * 1024

/**
 * Asks a provider for its models, in its order. Also the test of an address and a key. Throws ModelError.
 * OpenAI `GET /models`, Anthropic `GET /v1/models`; vLLM, OpenRouter and Groq add sizes.
 */
export async function listModels(connection: Connection, dispatcher: Dispatcher): Promise<ListedModel[]> {
  const path = connection.protocol === 'openai' ? '/models' : '/v1/models?limit=1000'
  const adapter = connection.protocol === 'openai' ? openai : anthropic
  const deadline = AbortSignal.timeout(DEADLINE_MS)
  try {
    const response = await egressRequest(dispatcher, connection.baseUrl + path, {
      headers: { accept: 'application/json', 'user-agent': 'Parley', ...adapter.headers(connection.apiKey) },
      signal: deadline,
    })
    const body = await readJson(response.body)
    if (response.statusCode !== 200) {
      throw classifyFailure(connection, { status: response.statusCode, headers: response.headers, body })
    }
    if (!isRecord(body) || !Array.isArray(body.data)) throw notAProvider(connection)
    return body.data.flatMap(readModel)
  } catch (error) {
    if (error instanceof ModelError) throw error
    if (deadline.aborted) {
      throw new ModelError('model_timeout', `${connection.name} did not answer within ${DEADLINE_MS / 1000} seconds.`)
    }
    throw classifyNetworkFailure(connection, error)
  }
}

function notAProvider({ name, protocol }: Connection): ModelError {
  const hint = protocol === 'openai' ? ' It usually ends with /v1.' : ''
  return new ModelError(
    'model_bad_request',
    `${name} answers at this address, but not as a model provider would. Check the address.${hint}`,
  )
}

/** Undefined for what is not JSON. */
async function readJson(body: AsyncIterable<Buffer>): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of body) {
    bytes += chunk.length
    if (bytes > MAX_BYTES) return undefined
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    return undefined
  }
}

function readModel(item: unknown): ListedModel[] {
  if (!isRecord(item) || typeof item.id !== 'string' || item.id === '' || item.id.length > 200) return []
  const top = isRecord(item.top_provider) ? item.top_provider : {}
  const displayName = item.display_name ?? (item.name === item.id ? undefined : item.name)
  const contextTokens = item.max_input_tokens ?? item.context_window ?? item.context_length ?? item.max_model_len
  const maxOutputTokens = item.max_tokens ?? item.max_completion_tokens ?? top.max_completion_tokens
  return [
    {
      name: item.id,
      ...(typeof displayName === 'string' && displayName !== '' ? { displayName } : {}),
      ...(isSize(contextTokens) ? { contextTokens } : {}),
      ...(isSize(maxOutputTokens) ? { maxOutputTokens } : {}),
    },
  ]
}

function isSize(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 512
}
