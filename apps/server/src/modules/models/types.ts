import type { Model } from '@parley/contract'

export type { Model }

/** What a model is asked: the same shape for every protocol. */
export interface Prompt {
  system: string
  tools: PromptTool[]
  messages: PromptMessage[]
}

export interface PromptTool {
  name: string
  description: string
  /** JSON Schema of an object. */
  inputSchema: Record<string, unknown>
}

export type PromptText = { type: 'text'; text: string }
export type PromptImage = { type: 'image'; mediaType: string; bytes: Buffer }

export type PromptMessage =
  | { role: 'user'; content: (PromptText | PromptImage)[] }
  | {
      role: 'assistant'
      content: (
        | PromptText
        | { type: 'reasoning'; text: string; signature?: string }
        /** `arguments` is the JSON text as the model wrote it. */
        | { type: 'tool-call'; id: string; name: string; arguments: string }
      )[]
    }
  | { role: 'tool'; results: PromptToolResult[] }

export interface PromptToolResult {
  toolCallId: string
  name: string
  content: (PromptText | PromptImage)[]
  isError: boolean
}

/** Tokens of one model call, as the provider counted them. `input` includes `cachedInput`, `output` includes `reasoning`. */
export interface Tokens {
  input: number
  cachedInput: number
  output: number
  reasoning: number
}

export type FinishReason = 'stop' | 'length' | 'tool-calls' | 'content-filter'

/**
 * What a reply is made of, in order. Every tool call is started, gets its arguments in pieces, and is ended; several may
 * be open at once. `finish` is the last one, exactly once.
 */
export type ModelEvent =
  | { type: 'text'; delta: string }
  | { type: 'reasoning'; delta: string }
  /** Ends a block of reasoning; has to go back unchanged with it. */
  | { type: 'reasoning-signature'; signature: string }
  | { type: 'tool-call-start'; id: string; name: string }
  | { type: 'tool-call-arguments'; id: string; delta: string }
  | { type: 'tool-call-end'; id: string }
  | { type: 'source'; number: number; title: string; url: string; excerpt: string }
  /** `estimated`: the provider did not count. */
  | { type: 'finish'; reason: FinishReason; tokens: Tokens; estimated?: boolean }

/** An address that answers a wire protocol, with what it takes to talk to it. The key never leaves this module. */
export interface Connection {
  /** For people: `OpenAI`. */
  name: string
  protocol: 'openai' | 'anthropic'
  /** Without a slash at its end. */
  baseUrl: string
  apiKey: string | undefined
  /** Set by the operator: may be any address. Others go out guarded. */
  trusted: boolean
}
