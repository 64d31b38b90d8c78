import pino from 'pino'
import type { Ctx } from '../../../platform/context.ts'
import { createEgress } from '../../../platform/net/index.ts'
import { guideModel } from '../guide/index.ts'
import type { Model, ModelEvent, Prompt } from '../types.ts'

/** As much of a context as a model call needs: providers of the operator, short deadlines, no database. */
export function modelContext(options: {
  openaiBaseUrl?: string
  anthropicBaseUrl?: string
  key?: string
  firstTokenMs?: number
  betweenTokensMs?: number
  maxRetries?: number
}): Ctx {
  const { openaiBaseUrl, anthropicBaseUrl, key = 'sk-test-1234567890' } = options
  const environmentProviders = [
    ...(openaiBaseUrl ? [{ slug: 'openai', name: 'OpenAI', protocol: 'openai', baseUrl: openaiBaseUrl }] : []),
    ...(anthropicBaseUrl
      ? [{ slug: 'anthropic', name: 'Anthropic', protocol: 'anthropic', baseUrl: anthropicBaseUrl }]
      : []),
  ]
  const { firstTokenMs = 5_000, betweenTokensMs = 5_000, maxRetries = 2 } = options
  return {
    config: { models: { environmentProviders, firstTokenMs, betweenTokensMs, maxRetries } },
    secrets: { providerKeys: { openai: key, anthropic: key }, signInSecrets: {} },
    egress: createEgress({ allow: [] }),
    log: pino({ level: 'silent' }),
    // Only the key under which this process keeps what it knows.
    database: {},
  } as unknown as Ctx
}

export function testModel(protocol: 'openai' | 'anthropic', name = 'scripted-large'): Model {
  return {
    ...guideModel,
    id: `${protocol}/${name}`,
    protocol,
    providerId: protocol,
    providerName: protocol,
    capabilities: { tools: true, images: true, reasoning: true },
  }
}

export function ask(text: string, more: Partial<Prompt> = {}): Prompt {
  return { system: '', tools: [], messages: [{ role: 'user', content: [{ type: 'text', text }] }], ...more }
}

export async function readAll(reply: AsyncIterable<ModelEvent>): Promise<ModelEvent[]> {
  const events: ModelEvent[] = []
  for await (const event of reply) events.push(event)
  return events
}
