import type { Model } from '@parley/contract'

/** The built-in guide among the models: always there, costs nothing. */
export const guideModel: Model = {
  id: 'parley/guide',
  name: 'Built-in guide',
  providerId: 'parley',
  providerName: 'Parley',
  protocol: 'guide',
  contextTokens: 32_768,
  maxOutputTokens: 4_096,
  capabilities: { tools: true, images: false, reasoning: false },
  price: { inputMicroUsd: 0, cachedInputMicroUsd: 0, outputMicroUsd: 0 },
  isDefault: false,
}
