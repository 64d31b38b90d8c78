import type { Model } from '@parley/contract'

export interface KnownModel {
  contextTokens: number
  maxOutputTokens: number
  images: boolean
  reasoning: boolean
  tools: boolean
  price: Model['price']
  /** Higher is a better choice where nobody chose; 0 for what should not be. */
  preference: number
}

type Family = [pattern: RegExp, contextTokens: number, maxOutputTokens: number, facts: Partial<KnownModel>]

/** US dollars per million tokens: fresh input, cached input, output. */
function usd(input: number, cached: number, output: number): KnownModel['price'] {
  const micro = (dollars: number) => Math.round(dollars * 1_000_000)
  return { inputMicroUsd: micro(input), cachedInputMicroUsd: micro(cached), outputMicroUsd: micro(output) }
}

const sees = { images: true }
const thinks = { images: true, reasoning: true }

/**
 * What vendors do not tell in their lists, by the beginning of a model's name; the first match counts. Prices are the
 * vendors' own list prices and hold for their own addresses alone.
 */
const families: Family[] = [
  [/^gpt-5\.1/, 400_000, 128_000, { ...thinks, price: usd(1.25, 0.125, 10), preference: 96 }],
  [/^gpt-5-nano/, 400_000, 128_000, { ...thinks, price: usd(0.05, 0.005, 0.4), preference: 40 }],
  [/^gpt-5-mini/, 400_000, 128_000, { ...thinks, price: usd(0.25, 0.025, 2), preference: 70 }],
  [/^gpt-5-pro/, 400_000, 128_000, thinks],
  [/^gpt-5(-\d{4}|$)/, 400_000, 128_000, { ...thinks, price: usd(1.25, 0.125, 10), preference: 95 }],
  [/^gpt-5/, 400_000, 128_000, { ...thinks, preference: 60 }],
  [/^gpt-4\.1-nano/, 1_047_576, 32_768, { ...sees, price: usd(0.1, 0.025, 0.4), preference: 30 }],
  [/^gpt-4\.1-mini/, 1_047_576, 32_768, { ...sees, price: usd(0.4, 0.1, 1.6), preference: 50 }],
  [/^gpt-4\.1/, 1_047_576, 32_768, { ...sees, price: usd(2, 0.5, 8), preference: 80 }],
  [/^gpt-4o-mini/, 128_000, 16_384, { ...sees, price: usd(0.15, 0.075, 0.6), preference: 45 }],
  [/^gpt-4o/, 128_000, 16_384, { ...sees, price: usd(2.5, 1.25, 10), preference: 65 }],
  [/^gpt-4-turbo/, 128_000, 4_096, { ...sees, price: usd(10, 10, 30), preference: 20 }],
  [/^gpt-4(-|$)/, 8_192, 8_192, { price: usd(30, 30, 60) }],
  [/^gpt-3\.5/, 16_385, 4_096, { price: usd(0.5, 0.5, 1.5) }],
  [/^o4-mini/, 200_000, 100_000, { ...thinks, price: usd(1.1, 0.275, 4.4), preference: 45 }],
  [/^o3-mini/, 200_000, 100_000, { reasoning: true, price: usd(1.1, 0.55, 4.4), preference: 30 }],
  [/^o3(-\d{4}|$)/, 200_000, 100_000, { ...thinks, price: usd(2, 0.5, 8), preference: 55 }],
  [/^o1(-\d{4}|$)/, 200_000, 100_000, { ...thinks, price: usd(15, 7.5, 60) }],
  [/^gpt-oss/, 131_072, 32_768, { reasoning: true, preference: 60 }],
  [/^claude-opus-4-[5-9]/, 200_000, 64_000, { ...thinks, price: usd(5, 0.5, 25), preference: 90 }],
  [/^claude-(opus-4|4-opus)/, 200_000, 32_000, { ...thinks, price: usd(15, 1.5, 75), preference: 60 }],
  [/^claude-sonnet-4/, 200_000, 64_000, { ...thinks, price: usd(3, 0.3, 15), preference: 95 }],
  [/^claude-haiku-4/, 200_000, 64_000, { ...thinks, price: usd(1, 0.1, 5), preference: 70 }],
  [/^claude-3-7-sonnet/, 200_000, 64_000, { ...thinks, price: usd(3, 0.3, 15), preference: 50 }],
  [/^claude-3-5-sonnet/, 200_000, 8_192, { ...sees, price: usd(3, 0.3, 15), preference: 40 }],
  [/^claude-3-5-haiku/, 200_000, 8_192, { ...sees, price: usd(0.8, 0.08, 4), preference: 30 }],
  [/^claude-3-opus/, 200_000, 4_096, { ...sees, price: usd(15, 1.5, 75) }],
  [/^claude-3-haiku/, 200_000, 4_096, { ...sees, price: usd(0.25, 0.03, 1.25) }],
  [/^claude/, 200_000, 32_000, { ...thinks, preference: 85 }],
  [/^gemini-(2\.5|3)/, 1_048_576, 65_536, { ...thinks, preference: 80 }],
  [/^gemini/, 1_048_576, 8_192, { ...sees, preference: 50 }],
  [/^gemma-?3/, 131_072, 8_192, { ...sees, tools: false, preference: 35 }],
  [/^(deepseek-chat|deepseek-v3)/, 131_072, 8_192, { preference: 65 }],
  [/^deepseek-(reasoner|r1)/, 131_072, 32_768, { reasoning: true, preference: 50 }],
  [/^llama-?4/, 131_072, 8_192, { ...sees, preference: 60 }],
  [/^llama-?3\.2-?vision/, 131_072, 8_192, { ...sees, tools: false, preference: 30 }],
  [/^(meta-)?llama-?3\.[123]/, 131_072, 8_192, { preference: 55 }],
  [/^(meta-)?llama-?3/, 8_192, 4_096, { preference: 30 }],
  [/^qwen-?2\.5-?vl|^qwen-?3-?vl/, 131_072, 8_192, { ...sees, preference: 45 }],
  [/^(qwq|qwen-?3)/, 131_072, 16_384, { reasoning: true, preference: 60 }],
  [/^qwen-?2\.5/, 32_768, 8_192, { preference: 50 }],
  [/^(mistral-(large|medium|small)|magistral|ministral)/, 131_072, 16_384, { preference: 60 }],
  [/^(mistral|mixtral|open-mi[sx]tral)/, 32_768, 8_192, { preference: 40 }],
  [/^(kimi|glm-?4|minimax)/, 131_072, 16_384, { reasoning: true, preference: 55 }],
  [/^(llava|bakllava|moondream)/, 4_096, 2_048, { ...sees, tools: false }],
  [/^phi-?4/, 16_384, 4_096, { preference: 30 }],
]

const unknown: KnownModel = {
  contextTokens: 32_768,
  maxOutputTokens: 4_096,
  images: false,
  reasoning: false,
  tools: true,
  price: null,
  preference: 10,
}

/** What is known of a model by its name; `meta-llama/Llama-3.3-70B` is looked up without its publisher. */
export function knownModel(name: string): KnownModel {
  const bare = bareName(name)
  const family = families.find(([pattern]) => pattern.test(bare))
  if (!family)
    return { ...unknown, images: /vision|-vl\b|omni|pixtral/.test(bare), reasoning: /think|reason/.test(bare) }
  const [, contextTokens, maxOutputTokens, facts] = family
  return { ...unknown, contextTokens, maxOutputTokens, ...facts }
}

const otherTrade =
  /embed|(^|[-_/])(tts|whisper|dall-e|sora|moderation|image|realtime|transcribe|audio|rerank|guard|ocr|search-api|computer-use|imagen|veo|aqa|clip|bge|e5)([-_:.\d]|$)|^(davinci|babbage|text-|omni-moderation|codex-mini)|-instruct-0914|-turbo-instruct/

/** Whether it can be talked to: lists hold models for embeddings, speech and pictures too. */
export function isForChat(name: string): boolean {
  return !otherTrade.test(bareName(name))
}

function bareName(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1).toLowerCase()
}
