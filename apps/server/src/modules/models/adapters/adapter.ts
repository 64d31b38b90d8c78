import type { Connection, FinishReason, Model, ModelEvent, Prompt, Tokens } from '../types.ts'

/** Translates between Parley and one wire protocol. Pure: knows nothing of sockets. */
export interface Adapter {
  /** Appended to the provider's base URL. */
  path: string
  headers(apiKey: string | undefined): Record<string, string | undefined>
  body(connection: Connection, model: Model, prompt: Prompt, maxOutputTokens: number | undefined): string
  translator(emit: (event: AdapterEvent) => void): Translator
}

/** Tokens are null where the provider did not tell. */
export type AdapterEvent =
  | Exclude<ModelEvent, { type: 'finish' }>
  | { type: 'finish'; reason: FinishReason; tokens: Tokens | null }

/** Takes the parsed `data:` of each server-sent event, in order. */
export interface Translator {
  /** @throws ProviderSaid for an error object, Unreadable for what the protocol does not allow */
  push(data: unknown): void
  /** The reply is complete although the connection is still open. */
  isDone(): boolean
  /** Told once at the end of the stream: emits what is still due. @throws Unreadable where the reply was cut off */
  end(): void
}

/** An error object inside a stream that began well. */
export class ProviderSaid extends Error {
  readonly body: unknown

  constructor(body: unknown) {
    super('The provider reported an error in the stream.')
    this.body = body
  }
}

/** The stream broke the protocol, or ended before the reply did. `message` goes into a sentence after a colon. */
export class Unreadable extends Error {}
