import type { Message } from '@parley/contract'
import type { Ctx, Platform } from '../../platform/context.ts'
import { newId } from '../../platform/crypto/index.ts'
import { AppError } from '../../platform/errors.ts'
import type { DomainEvent } from '../../platform/outbox/index.ts'
import * as conversations from '../conversations/index.ts'
import { systemCtx } from '../identity/index.ts'
import { type CallPurpose, chooseModel, streamReply } from '../models/index.ts'

const instruction =
  'Write a title for this conversation: at most six words, in its language, no quotes, no full stop. Answer with the title alone.'

/** After the first exchange: finds a title for a conversation that nobody named. Listens to `run-finished`. */
export async function titleConversation(platform: Platform, event: DomainEvent): Promise<void> {
  const { userId, runId, apiKeyId = null } = event.data as { userId: string; runId: string; apiKeyId?: string | null }
  const ctx = await systemCtx(platform, { workspaceId: event.workspaceId, userId, apiKeyId }, 'title')
  const conversation = await conversations.openForReading(ctx, event.subjectId)
  if (conversation.titleSource !== 'provisional' || conversation.activeLeafId === null) return
  const branch = await conversations.listBranch(ctx, conversation.id, conversation.activeLeafId, 2)
  const [answer, question] = branch
  if (!answer || !question || question.parentId !== null) return

  const call: CallPurpose = {
    // A listener may be called again, and then the model is too.
    key: `${runId}/title/${newId()}`,
    purpose: 'title',
    runId,
    conversationId: conversation.id,
    messageId: answer.id,
    apiKeyId,
  }
  const title = await findTitle(ctx, answer.model ?? conversation.model, call, textOf(question), textOf(answer)).catch(
    (error: unknown) => {
      // The first words stay: a title is not worth waiting for the next month.
      if (error instanceof AppError && error.code === 'budget_exceeded') return null
      throw error
    },
  )
  const titled = title === null ? undefined : await conversations.setAutomaticTitle(ctx, conversation.id, title)
  if (titled) {
    conversations.announce(ctx, {
      type: 'conversation-changed',
      conversationId: titled.id,
      version: titled.version,
    })
  }
}

/** Null where the built-in guide answers: it writes no titles, the first words stay. */
async function findTitle(
  ctx: Ctx,
  chosen: string | null,
  call: CallPurpose,
  question: string,
  answer: string,
): Promise<string | null> {
  const { model } = await chooseModel(ctx, chosen ?? undefined)
  if (model.protocol === 'guide') return null
  const exchange = `${instruction}\n\n<question>\n${question.slice(0, 2000)}\n</question>\n<answer>\n${answer.slice(0, 2000)}\n</answer>`
  const prompt = {
    system: instruction,
    tools: [],
    messages: [{ role: 'user' as const, content: [{ type: 'text' as const, text: exchange }] }],
  }
  let title = ''
  for await (const event of await streamReply(ctx, model, prompt, {
    signal: AbortSignal.timeout(30_000),
    maxOutputTokens: 200,
    call,
  })) {
    if (event.type === 'text') title += event.delta
    if (title.length > 400) break
  }
  const line = title.split('\n').find((text) => text.trim() !== '') ?? ''
  const clean = line.replace(/^["'“”*#\s]+|["'“”*.\s]+$/g, '').slice(0, 80)
  return clean === '' ? null : clean
}

function textOf(message: Pick<Message, 'parts'>): string {
  return message.parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n')
}
