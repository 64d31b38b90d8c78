import type { Conversation, ConversationPreset, Message } from '@parley/contract'
import { Button, Callout, classNames, Skeleton, useToast } from '@parley/ui'
import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query'
import { ArrowDown } from 'lucide-react'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { parley } from '../../parley.ts'
import { getConversation } from '../conversations/list-conversations.ts'
import { useMay, useMe } from '../identity/me.ts'
import { useModels } from '../models/list-models.ts'
import { useParticipants } from '../sharing/use-participants.ts'
import { NotFoundPage } from '../shell/error-page.tsx'
import { explainError, refusedForGood } from '../shell/explain-error.ts'
import { useTitle } from '../shell/use-title.ts'
import { AssistantMessage } from './assistant-message.tsx'
import { Composer } from './composer.tsx'
import { ConversationBar } from './conversation-bar.tsx'
import { listMessages, messagesOf, showStarted } from './list-messages.ts'
import { followReply, useLiveReply } from './live-replies.ts'
import { MayWrite } from './may-write.ts'
import { useStickToEnd } from './stick-to-end.ts'
import { forget, sendAgain, sendMessage, useUnsent } from './unsent.ts'
import { UnsentMessage } from './unsent-message.tsx'
import { UserMessage } from './user-message.tsx'

const none: Message[] = []

export function ConversationView({ id }: { id: string }) {
  const client = useQueryClient()
  const toast = useToast()
  const models = useModels()
  const conversation = useQuery(getConversation(id))
  const list = useInfiniteQuery(listMessages(id))
  const messages = useMemo(() => (list.data ? messagesOf(list.data.pages) : none), [list.data])
  const unsent = useUnsent(id)
  const { scrollerRef, contentRef, atEnd, toEnd } = useStickToEnd(messages[0]?.id)
  const me = useMe()
  const participants = useParticipants(conversation.data)
  const mayWrite = useMay('conversations:write') && conversation.data?.level !== 'view'
  useTitle(conversation.data?.title)

  useEffect(() => {
    for (const message of messages) if (message.status === 'writing') followReply(message)
  }, [messages])

  const failed = useCallback((error: unknown) => toast({ message: explainError(error), tone: 'danger' }), [toast])
  const actions = useMemo(
    () => ({
      async regenerate(message: Message, model?: string) {
        try {
          const started = await parley.messages.regenerate(message.id, { model })
          showStarted(client, started)
          followReply(started.assistantMessage)
        } catch (error) {
          failed(error)
        }
        void client.invalidateQueries({ queryKey: ['messages', id] })
      },
      async showSibling(messageId: string) {
        try {
          client.setQueryData(
            ['conversation', id],
            await parley.conversations.update(id, { activeMessageId: messageId }),
          )
          await client.invalidateQueries({ queryKey: ['messages', id] })
        } catch (error) {
          failed(error)
        }
      },
      edit(message: Message, text: string) {
        const files = message.parts.flatMap((part) =>
          part.type === 'file'
            ? [{ id: part.fileId, name: part.name, mediaType: part.mediaType, bytes: part.bytes, createdAt: '' }]
            : [],
        )
        sendMessage({ conversationId: id, text, files, parentId: message.parentId, model: null })
      },
    }),
    [client, id, failed],
  )

  if (refusedForGood(conversation.error)) return <NotFoundPage />

  const last = messages.at(-1)
  const model = conversation.data?.model ?? null
  const chooseModel = (next: string) =>
    parley.conversations
      .update(id, { model: next })
      .then((updated) => client.setQueryData(['conversation', id], updated), failed)
  const mayEdit = conversation.data?.level === 'edit' || conversation.data?.level === 'manage'
  const choosePreset = (presetId: string | null) =>
    parley.conversations.update(id, { presetId }).then((updated) => {
      client.setQueryData(['conversation', id], updated)
    }, failed)
  // What an edit replaces is not shown any more while the edit is on its way.
  const edited = unsent.find((one) =>
    messages.some(({ id, parentId, role }) => role === 'user' && parentId === one.parentId && id !== one.parentId),
  )
  const shown = edited
    ? messages.slice(
        0,
        messages.findIndex(({ role, parentId }) => role === 'user' && parentId === edited.parentId),
      )
    : messages

  return (
    <MayWrite value={mayWrite}>
      <main id="main" tabIndex={-1} className="relative flex min-h-0 flex-1 flex-col outline-none">
        <h1 className="sr-only">{conversation.data?.title ?? 'Chat'}</h1>
        {conversation.data && <ConversationBar conversation={conversation.data} />}
        <div ref={scrollerRef} className="min-h-0 flex-1 overflow-y-auto overscroll-contain [scrollbar-gutter:stable]">
          <div ref={contentRef} className="mx-auto flex w-full max-w-3xl flex-col gap-6 px-4 pt-4 pb-10 sm:px-6">
            {list.hasNextPage && (
              <EarlierMessages loading={list.isFetchingNextPage} onSeen={() => list.fetchNextPage()} />
            )}
            {list.isPending && unsent.length === 0 && <Skeleton lines={7} label="Loading messages" />}
            {list.error && !list.data && (
              <Callout tone="danger" actions={<Button onClick={() => list.refetch()}>Try again</Button>}>
                {explainError(list.error)}
              </Callout>
            )}
            {shown.map((message) =>
              message.role === 'user' ? (
                <UserMessage
                  key={message.id}
                  message={message}
                  author={conversation.data && authorOf(message, conversation.data, participants, me?.id)}
                  onEdit={actions.edit}
                  onShowSibling={actions.showSibling}
                />
              ) : (
                <AssistantMessage
                  key={message.id}
                  message={message}
                  models={models}
                  isLast={message === last}
                  onRegenerate={actions.regenerate}
                  onShowSibling={actions.showSibling}
                />
              ),
            )}
            {unsent.map((one) => (
              <UnsentMessage
                key={one.key}
                unsent={one}
                onRetry={() => sendAgain(one.key)}
                onDiscard={() => forget(one.key)}
              />
            ))}
          </div>
        </div>
        <div className="relative mx-auto w-full max-w-3xl px-3 pb-4 sm:px-6">
          <div
            aria-hidden="true"
            className="pointer-events-none absolute inset-x-0 -top-8 h-8 bg-linear-to-t from-bg to-transparent"
          />
          <Button
            size="small"
            onClick={() => toEnd('smooth')}
            tabIndex={atEnd ? -1 : 0}
            aria-hidden={atEnd}
            className={classNames(
              '-top-12 -translate-x-1/2 absolute! start-1/2 rounded-full! shadow-overlay transition-opacity rtl:translate-x-1/2',
              atEnd && 'pointer-events-none opacity-0',
            )}
          >
            <ArrowDown aria-hidden="true" /> Latest
          </Button>
          {conversation.data && !mayWrite ? (
            <p className="rounded-lg border border-border bg-surface px-4 py-3 text-center text-sm text-text-muted">
              {conversation.data.level === 'view'
                ? `${conversation.data.owner?.name ?? 'Its owner'} shared this chat with you to read. Ask them for more to write in it.`
                : 'Your role lets you read chats, not write in them.'}
            </p>
          ) : (
            <ComposerFor
              id={id}
              last={last}
              waiting={unsent.some(({ state }) => state === 'sending')}
              models={models}
              model={model}
              onModel={chooseModel}
              preset={conversation.data?.preset ?? null}
              onPreset={mayEdit ? choosePreset : undefined}
              onSent={toEnd}
              onError={failed}
            />
          )}
        </div>
      </main>
    </MayWrite>
  )
}

/** The name of another person who wrote a message; messages from before sharing are the owner's. */
function authorOf(
  { authorId }: Message,
  { owner }: Conversation,
  participants: ReadonlyMap<string, string>,
  me: string | undefined,
): string | undefined {
  const id = authorId ?? owner?.id ?? me
  if (id === undefined || id === me) return undefined
  return participants.get(id) ?? (id === owner?.id ? owner.name : undefined)
}

/** The composer of a conversation: it knows whether an answer is being written, and stops it. */
function ComposerFor({
  id,
  last,
  waiting,
  models,
  model,
  onModel,
  preset,
  onPreset,
  onSent,
  onError,
}: {
  id: string
  last: Message | undefined
  waiting: boolean
  models: ReturnType<typeof useModels>
  model: string | null
  onModel: (model: string) => void
  preset: ConversationPreset | null
  onPreset: ((id: string | null) => void) | undefined
  onSent: () => void
  onError: (error: unknown) => void
}) {
  const live = useLiveReply(last?.id ?? '')
  const client = useQueryClient()
  const running = (live?.message.status ?? last?.status) === 'writing'
  const runId = live?.runId ?? last?.runId
  const stop = () => {
    if (!runId) return
    parley.runs
      .stop(runId)
      .catch(onError)
      .then(() => client.invalidateQueries({ queryKey: ['messages', id] }))
  }
  return (
    <Composer
      conversationId={id}
      models={models}
      model={model}
      onModel={onModel}
      preset={preset}
      onPreset={onPreset}
      onStop={running ? stop : waiting ? () => undefined : undefined}
      onSend={({ text, files }) => {
        sendMessage({ conversationId: id, text, files, parentId: last?.id ?? null, model: null })
        onSent()
      }}
      autoFocus
    />
  )
}

/** Loads earlier messages when it comes into view. */
function EarlierMessages({ loading, onSeen }: { loading: boolean; onSeen: () => void }) {
  const ref = useRef<HTMLDivElement>(null)
  const [armed, setArmed] = useState(false)
  const seen = useRef(onSeen)
  seen.current = onSeen
  useEffect(() => {
    // Not before the page has gone to its end for the first time.
    const timer = setTimeout(() => setArmed(true), 500)
    return () => clearTimeout(timer)
  }, [])
  useEffect(() => {
    if (!armed || loading) return
    const observer = new IntersectionObserver(([entry]) => entry?.isIntersecting && seen.current(), {
      rootMargin: '400px 0px 0px',
    })
    observer.observe(ref.current!)
    return () => observer.disconnect()
  }, [armed, loading])
  return (
    <div ref={ref} className="flex justify-center">
      <Button variant="ghost" size="small" loading={loading} onClick={onSeen}>
        Earlier messages
      </Button>
    </div>
  )
}
