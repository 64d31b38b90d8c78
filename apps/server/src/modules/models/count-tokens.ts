import { costOf } from '../usage/index.ts'
import type { Model, Prompt, Tokens } from './types.ts'

/**
 * About how many tokens a text is, rather too many than too few: by its bytes, so that scripts whose letters are tokens
 * of their own count more. Linear and cheap; what is billed is the provider's own count.
 */
export function countTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 3.6)
}

/** How many tokens of the model's window a prompt may fill, the rest being the answer's. */
export function promptBudget(model: Model): number {
  const answer = Math.min(model.maxOutputTokens, Math.floor(model.contextTokens / 4), 16_384)
  return Math.max(model.contextTokens - answer, Math.floor(model.contextTokens / 2))
}

/** Micro-USD for a call, rounded up; null where the price is not known. */
export function priceOf(model: Model, tokens: Tokens): number | null {
  return costOf(model.price, tokens)
}

/**
 * How many tokens a prompt is: about, and at most. A token is at least a byte of text, a few more frame each message; of
 * pictures, providers only say how they count.
 */
export function sizeOf(prompt: Prompt): { likely: number; ceiling: number } {
  let bytes = Buffer.byteLength(prompt.system)
  let pictures = 0
  let frames = prompt.messages.length + prompt.tools.length + 1
  for (const tool of prompt.tools) bytes += Buffer.byteLength(JSON.stringify(tool))
  for (const message of prompt.messages) {
    const items = message.role === 'tool' ? message.results.flatMap((result) => result.content) : message.content
    frames += items.length
    for (const item of items) {
      if (item.type === 'image') pictures += 1
      else bytes += Buffer.byteLength(item.type === 'tool-call' ? item.name + item.arguments : item.text)
    }
  }
  return {
    likely: Math.ceil(bytes / 3.6) + pictures * 1_000 + frames * 4,
    ceiling: bytes + pictures * 3_000 + frames * 16,
  }
}

/** For a provider that does not tell. */
export function estimateInput(prompt: Prompt): number {
  let tokens = countTokens(prompt.system)
  for (const tool of prompt.tools) tokens += countTokens(JSON.stringify(tool))
  for (const message of prompt.messages) {
    const items = message.role === 'tool' ? message.results.flatMap((result) => result.content) : message.content
    for (const item of items) {
      if (item.type === 'image') tokens += 1_000
      else tokens += countTokens(item.type === 'tool-call' ? item.arguments : item.text)
    }
  }
  return tokens
}
