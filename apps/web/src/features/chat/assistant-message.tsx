import type { Message, Model, Part, ReasoningPart, SourcePart, ToolCallPart } from '@parley/contract'
import { Badge, Button, Callout, CopyButton, IconButton, LogoMark, Markdown } from '@parley/ui'
import { Link } from '@tanstack/react-router'
import { BookOpen, Brain, ChevronDown, ChevronRight, RefreshCw, Shuffle } from 'lucide-react'
import { memo, useMemo } from 'react'
import { modelName } from '../models/list-models.ts'
import { ModelPicker } from '../models/model-picker.tsx'
import { remedyOf } from '../shell/explain-error.ts'
import { formatCost, formatCount } from '../shell/format.ts'
import { FileView } from './file-view.tsx'
import { linkCitations } from './link-citations.ts'
import { useLiveReply } from './live-replies.ts'
import { useMayWrite } from './may-write.ts'
import { SiblingSwitcher } from './sibling-switcher.tsx'
import { Sources } from './sources.tsx'
import { ToolCard } from './tool-card.tsx'

export const AssistantMessage = memo(function AssistantMessage({
  message: stored,
  models,
  isLast,
  onRegenerate,
  onShowSibling,
}: {
  message: Message
  models: readonly Model[]
  isLast: boolean
  onRegenerate: (message: Message, model?: string) => void
  onShowSibling: (messageId: string) => void
}) {
  const live = useLiveReply(stored.id)
  const mayWrite = useMayWrite()
  const message = live ? { ...live.message, siblingIds: stored.siblingIds } : stored
  const writing = message.status === 'writing'
  const sources = useSources(message.parts)
  const isGuide = models.some(({ id, protocol }) => id === message.model && protocol === 'guide')
  const text = useMemo(
    () => message.parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n\n'),
    [message.parts],
  )
  return (
    <article aria-label="Parley" aria-busy={writing} className="group flex gap-3.5 sm:gap-4">
      <span
        aria-hidden="true"
        className="mt-0.5 hidden size-8 shrink-0 place-items-center rounded-full border border-border bg-raised sm:grid"
      >
        <LogoMark className="size-4.5" />
      </span>
      <div className="flex min-w-0 flex-1 flex-col gap-3">
        {isGuide && (
          <Badge tone="accent" className="self-start">
            <BookOpen aria-hidden="true" /> Built-in guide
          </Badge>
        )}
        {message.parts.map((part, index) => (
          <PartView
            // biome-ignore lint/suspicious/noArrayIndexKey: parts keep their places.
            key={index}
            part={part}
            growing={writing && index === message.parts.length - 1}
            sources={sources}
            runId={message.runId}
            message={message}
          />
        ))}
        {writing && isQuiet(message.parts.at(-1)) && <Thinking lost={live?.connection === 'reconnecting'} />}
        {sources.length > 0 && !writing && <Sources sources={sources} />}
        {message.status === 'stopped' && <p className="text-sm text-text-muted italic">Stopped.</p>}
        {message.error && !mayWrite && <Callout tone="danger">{message.error.message}</Callout>}
        {message.error && mayWrite && (
          <Failure
            error={message.error}
            onRetry={() => onRegenerate(message)}
            models={models}
            onModel={(model) => onRegenerate(message, model)}
          />
        )}
        {!writing && (
          <Footer
            message={message}
            text={text}
            models={models}
            always={isLast}
            onRegenerate={onRegenerate}
            onShowSibling={onShowSibling}
          />
        )}
      </div>
    </article>
  )
})

const noSources: SourcePart[] = []

/** The same list for as long as the sources are the same, so that text that streams does not render all of itself again. */
function useSources(parts: readonly Part[]): SourcePart[] {
  const found = parts.filter((part) => part.type === 'source')
  const key = found.map(({ number, url }) => `${number} ${url}`).join('\n')
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says whether they are the same.
  return useMemo(() => (key === '' ? noSources : found), [key])
}

/** Nothing on the page moves by itself after such a part. */
function isQuiet(part: Part | undefined): boolean {
  if (!part) return true
  if (part.type === 'text') return part.text === ''
  return part.type !== 'reasoning' && !(part.type === 'tool-call' && ['writing', 'running'].includes(part.state))
}

function Thinking({ lost }: { lost: boolean }) {
  return (
    <p className="flex h-6 items-center gap-1.5 text-sm text-text-muted">
      {lost ? (
        'Reconnecting…'
      ) : (
        <>
          <span className="sr-only">Working</span>
          <span aria-hidden="true" className="breathing size-1.5 rounded-full bg-highlight" />
          <span aria-hidden="true" className="breathing size-1.5 rounded-full bg-highlight [animation-delay:200ms]" />
          <span aria-hidden="true" className="breathing size-1.5 rounded-full bg-highlight [animation-delay:400ms]" />
        </>
      )}
    </p>
  )
}

const PartView = memo(function PartView({
  part,
  growing,
  sources,
  runId,
  message,
}: {
  part: Part
  growing: boolean
  sources: SourcePart[]
  runId: string | null
  message: Pick<Message, 'id' | 'conversationId' | 'status'>
}) {
  switch (part.type) {
    case 'text':
      if (part.text === '') return null
      return (
        <div className={growing ? 'writing' : undefined}>
          <Markdown text={linkCitations(part.text, sources)} streaming={growing} origin={part.origin} />
        </div>
      )
    case 'reasoning':
      return <Reasoning part={part} growing={growing} />
    case 'tool-call':
      return <ToolCard part={part as ToolCallPart} runId={runId} conversationId={message.conversationId} />
    case 'file':
      return <FileView file={part} />
    case 'notice':
      return <Callout tone={part.level === 'error' ? 'danger' : part.level}>{part.text}</Callout>
    case 'source':
      return null
  }
}, samePart)

type PartProps = { part: Part; growing: boolean; sources: SourcePart[]; runId: string | null }

function samePart(before: PartProps, after: PartProps): boolean {
  return (
    before.part === after.part &&
    before.growing === after.growing &&
    before.sources === after.sources &&
    before.runId === after.runId
  )
}

function Reasoning({ part, growing }: { part: ReasoningPart; growing: boolean }) {
  return (
    <details className="group/reasoning rounded-md border border-border bg-surface text-sm">
      <summary className="flex items-center gap-2 rounded-md px-3.5 py-2 text-text-muted hover:text-text">
        <Brain aria-hidden="true" className="size-4" />
        <span className={growing ? 'breathing' : undefined}>{growing ? 'Thinking…' : 'Thoughts'}</span>
        <ChevronRight
          aria-hidden="true"
          className="ms-auto size-4 transition-transform group-open/reasoning:rotate-90 rtl:rotate-180"
        />
      </summary>
      <div className="border-border border-t px-3.5 py-3 text-text-muted">
        <Markdown text={part.text} streaming={growing} />
      </div>
    </details>
  )
}

function Failure({
  error,
  onRetry,
  models,
  onModel,
}: {
  error: NonNullable<Message['error']>
  onRetry: () => void
  models: readonly Model[]
  onModel: (model: string) => void
}) {
  const { title, advice, link } = remedyOf(error.code)
  return (
    <Callout
      tone="danger"
      title={title}
      actions={
        <>
          <Button size="small" variant="primary" onClick={onRetry}>
            <RefreshCw aria-hidden="true" /> Try again
          </Button>
          <ModelPicker
            models={models}
            value={undefined}
            onChoose={({ id }) => onModel(id)}
            trigger={
              <Button size="small">
                Another model <ChevronDown aria-hidden="true" />
              </Button>
            }
          />
          {link && (
            <Link
              to={link.to}
              className="inline-flex h-8 items-center px-2 font-medium text-sm underline underline-offset-4"
            >
              {link.label}
            </Link>
          )}
        </>
      }
    >
      {error.message} {advice}
    </Callout>
  )
}

function Footer({
  message,
  text,
  models,
  always,
  onRegenerate,
  onShowSibling,
}: {
  message: Message
  text: string
  models: readonly Model[]
  always: boolean
  onRegenerate: (message: Message, model?: string) => void
  onShowSibling: (messageId: string) => void
}) {
  const { usage, model } = message
  const mayWrite = useMayWrite()
  return (
    <div
      className={
        always
          ? 'flex flex-wrap items-center gap-0.5'
          : 'flex flex-wrap items-center gap-0.5 opacity-0 transition-opacity focus-within:opacity-100 group-hover:opacity-100 has-data-[state=open]:opacity-100 pointer-coarse:opacity-100'
      }
    >
      <SiblingSwitcher message={message} onShow={onShowSibling} />
      {text && <CopyButton text={text} label="Copy answer" />}
      {message.status !== 'waiting' && mayWrite && (
        <>
          <IconButton label="Answer again" size="small" onClick={() => onRegenerate(message)}>
            <RefreshCw />
          </IconButton>
          <ModelPicker
            models={models}
            value={model ?? undefined}
            onChoose={({ id }) => onRegenerate(message, id)}
            trigger={
              <IconButton label="Answer with another model" size="small">
                <Shuffle />
              </IconButton>
            }
          />
        </>
      )}
      <p className="px-2 text-text-faint text-xs">
        {model && <span title={model}>{modelName(models, model)}</span>}
        {usage && usage.outputTokens > 0 && (
          <span
            title={`${formatCount(usage.inputTokens)} tokens in (${formatCount(usage.cachedInputTokens)} cached), ${formatCount(usage.outputTokens)} out`}
          >
            {` · ${formatCount(usage.inputTokens + usage.outputTokens)} tokens`}
          </span>
        )}
        {usage?.costMicroUsd != null && ` · ${formatCost(usage.costMicroUsd)}`}
      </p>
    </div>
  )
}
