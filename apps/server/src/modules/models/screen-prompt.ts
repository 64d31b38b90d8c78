import type { PrivateKind, UsagePurpose } from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'
import { AppError } from '../../platform/errors.ts'
import {
  countFindings,
  findPrivate,
  nameKinds,
  type Placeholders,
  placeholdersFor,
  privacyMode,
  type Restorer,
} from '../privacy/index.ts'
import type { Model, ModelEvent, Prompt, PromptImage, PromptMessage, PromptText } from './types.ts'

/** A prompt as its provider may get it, and the way back. */
export interface ScreenedPrompt {
  prompt: Prompt
  /** With `warn`: what is private in what was said or answered last. */
  warnings: PrivateKind[]
  /** Passes on what the model says, with the originals in place of placeholders. */
  restore(events: AsyncGenerator<ModelEvent>): AsyncGenerator<ModelEvent>
}

/**
 * Does with what is private in the messages what the workspace chose. Pictures are not looked into; instructions and the
 * definitions of tools are what people set up for models, and stay. The built-in guide is no provider: it gets everything.
 * @throws AppError private_content
 */
export async function screenPrompt(
  ctx: Ctx,
  model: Model,
  prompt: Prompt,
  { purpose, conversationId }: { purpose: UsagePurpose; conversationId: string },
): Promise<ScreenedPrompt> {
  const mode = model.protocol === 'guide' ? 'off' : await privacyMode.read(ctx)
  if (mode === 'off') return unchanged(prompt)
  const latest = countIn(prompt.messages.slice(-1))
  // What a title is written from was counted when it was said.
  if (purpose === 'chat') await countFindings(ctx, latest)
  if (mode === 'warn') return { ...unchanged(prompt), warnings: [...latest.keys()] }
  if (mode === 'block') {
    const found = countIn(prompt.messages)
    if (found.size === 0) return unchanged(prompt)
    throw new AppError(
      'private_content',
      `This chat holds ${nameKinds(found.keys())}, which this workspace does not send to models. Edit the message and leave it out, or begin a new chat.`,
    )
  }
  const placeholders = placeholdersFor(ctx, conversationId)
  const messages = mapTexts(prompt.messages, (text) => placeholders.redact(text))
  return { prompt: { ...prompt, messages }, warnings: [], restore: (events) => restored(events, placeholders) }
}

function unchanged(prompt: Prompt): ScreenedPrompt {
  return { prompt, warnings: [], restore: (events) => events }
}

function countIn(messages: PromptMessage[]): Map<PrivateKind, number> {
  const counts = new Map<PrivateKind, number>()
  mapTexts(messages, (text) => {
    for (const { kind } of findPrivate(text)) counts.set(kind, (counts.get(kind) ?? 0) + 1)
    return text
  })
  return counts
}

/** The same messages with other texts: what people said, models wrote and thought, tools were asked and answered. */
function mapTexts(messages: PromptMessage[], change: (text: string) => string): PromptMessage[] {
  const ofContent = (item: PromptText | PromptImage) =>
    item.type === 'text' ? { ...item, text: change(item.text) } : item
  return messages.map((message): PromptMessage => {
    if (message.role === 'user') return { ...message, content: message.content.map(ofContent) }
    if (message.role === 'tool') {
      const results = message.results.map((result) => ({ ...result, content: result.content.map(ofContent) }))
      return { ...message, results }
    }
    const content = message.content.map((item) =>
      item.type === 'tool-call' ? { ...item, arguments: change(item.arguments) } : { ...item, text: change(item.text) },
    )
    return { ...message, content }
  })
}

const inJson = (value: string) => JSON.stringify(value).slice(1, -1)

/** A placeholder may come in pieces: its beginning is held back, until it is whole or the text goes on in another way. */
async function* restored(events: AsyncIterable<ModelEvent>, placeholders: Placeholders): AsyncGenerator<ModelEvent> {
  let writing: { type: 'text' | 'reasoning'; restorer: Restorer } | undefined
  const calls = new Map<string, Restorer>()
  for await (const event of events) {
    if (writing && event.type !== writing.type) {
      const delta = writing.restorer.end()
      if (delta !== '') yield { type: writing.type, delta }
      writing = undefined
    }
    switch (event.type) {
      case 'text':
      case 'reasoning': {
        writing ??= { type: event.type, restorer: placeholders.restorer() }
        const delta = writing.restorer.push(event.delta)
        if (delta !== '') yield { ...event, delta }
        break
      }
      case 'tool-call-start':
        calls.set(event.id, placeholders.restorer(inJson))
        yield event
        break
      case 'tool-call-arguments': {
        const delta = calls.get(event.id)?.push(event.delta) ?? event.delta
        if (delta !== '') yield { ...event, delta }
        break
      }
      case 'tool-call-end': {
        const delta = calls.get(event.id)?.end() ?? ''
        if (delta !== '') yield { type: 'tool-call-arguments', id: event.id, delta }
        yield event
        break
      }
      default:
        yield event
    }
  }
  const delta = writing?.restorer.end() ?? ''
  if (writing && delta !== '') yield { type: writing.type, delta }
}
