import type { ResultContent, ToolCallPart, ToolCallState, ToolResult } from '@parley/contract'
import { Badge, type BadgeTone, Button, CodeBlock, Markdown, Spinner, stripDeceiving } from '@parley/ui'
import { useMutation } from '@tanstack/react-query'
import { ChevronRight, CircleCheck, CircleHelp, CircleSlash, CircleX, Hand, Wrench } from 'lucide-react'
import { memo, type ReactNode, useState } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { formatCount, formatDuration } from '../shell/format.ts'
import { FileView } from './file-view.tsx'
import { useMayWrite } from './may-write.ts'
import { parseJson } from './schema-fields.ts'
import { ToolQuestion } from './tool-question.tsx'

const states: Record<ToolCallState, { label: string; tone: BadgeTone; icon: typeof Wrench | null }> = {
  writing: { label: 'Preparing', tone: 'neutral', icon: null },
  waiting: { label: 'Needs you', tone: 'warning', icon: Hand },
  running: { label: 'Running', tone: 'accent', icon: null },
  done: { label: 'Done', tone: 'success', icon: CircleCheck },
  failed: { label: 'Failed', tone: 'danger', icon: CircleX },
  denied: { label: 'Denied', tone: 'neutral', icon: CircleSlash },
  cancelled: { label: 'Cancelled', tone: 'neutral', icon: CircleSlash },
  unknown: { label: 'Outcome unknown', tone: 'warning', icon: CircleHelp },
}

/** A tool call as people follow it: what is called with what, how far it is, what came of it. */
export const ToolCard = memo(function ToolCard({
  part,
  runId,
  conversationId,
}: {
  part: ToolCallPart
  runId: string | null
  conversationId: string
}) {
  const mayWrite = useMayWrite()
  const waiting = part.state === 'waiting'
  const [opened, setOpened] = useState<boolean>()
  const open = opened ?? waiting
  const { label, tone, icon: Icon } = states[part.state]
  return (
    // biome-ignore lint/a11y/useSemanticElements: what belongs to one call; no landmark, of which there would be many.
    <div
      role="group"
      aria-label={`Tool ${part.title}: ${label}`}
      className={
        waiting
          ? 'rise overflow-hidden rounded-lg border border-warning/50 bg-raised shadow-raised'
          : 'overflow-hidden rounded-lg border border-border bg-raised'
      }
    >
      <button
        type="button"
        aria-expanded={open}
        onClick={() => setOpened(!open)}
        className="-outline-offset-2 flex w-full cursor-pointer items-center gap-3 px-4 py-2.5 text-start text-sm hover:bg-surface"
      >
        <Wrench aria-hidden="true" className="size-4 shrink-0 text-text-muted" />
        <span className="min-w-0 flex-1 truncate">
          <span className="font-medium">{part.title}</span> <span className="text-text-muted">{part.serverName}</span>
        </span>
        {part.durationMs !== undefined && (
          <span className="text-text-faint text-xs tabular-nums">{formatDuration(part.durationMs)}</span>
        )}
        <Badge tone={tone}>
          {Icon ? <Icon aria-hidden="true" /> : <Spinner />}
          {label}
        </Badge>
        <ChevronRight
          aria-hidden="true"
          className={
            open
              ? 'size-4 shrink-0 rotate-90 text-text-faint transition-transform'
              : 'size-4 shrink-0 text-text-faint transition-transform rtl:rotate-180'
          }
        />
      </button>
      {part.state === 'running' && part.progress && <Progress progress={part.progress} />}
      {open && (
        <div className="flex flex-col gap-3 border-border border-t px-4 py-3">
          <Arguments text={part.arguments} />
          {part.detail && <p className="text-sm text-text-muted">{stripDeceiving(part.detail)}</p>}
          {part.result && <Result result={part.result} />}
        </div>
      )}
      {waiting && runId && mayWrite && <ToolQuestion part={part} runId={runId} conversationId={conversationId} />}
    </div>
  )
})

function Progress({ progress: { done, total, message } }: { progress: NonNullable<ToolCallPart['progress']> }) {
  return (
    <div className="flex items-center gap-3 px-4 pb-3">
      <progress
        aria-label="Progress"
        value={total ? done : undefined}
        max={total ?? undefined}
        className="h-1.5 flex-1 appearance-none overflow-hidden rounded-full bg-sunken [&::-moz-progress-bar]:bg-accent [&::-webkit-progress-bar]:bg-sunken [&::-webkit-progress-value]:bg-accent [&::-webkit-progress-value]:transition-all"
      />
      <span className="text-text-muted text-xs tabular-nums">
        {message ?? (total ? `${formatCount(done)} of ${formatCount(total)}` : formatCount(done))}
      </span>
    </div>
  )
}

function Arguments({ text }: { text: string }) {
  const value = parseJson(text)
  if (text === '' || text === '{}') return <p className="text-sm text-text-muted">No arguments.</p>
  return (
    <div>
      <p className="mb-1.5 font-medium text-text-muted text-xs">Arguments</p>
      <CodeBlock
        code={value === undefined ? text : JSON.stringify(value, null, 2)}
        language="json"
        growing={value === undefined}
      />
    </div>
  )
}

function Result({ result }: { result: ToolResult }) {
  return (
    <div>
      <p className="mb-1.5 font-medium text-text-muted text-xs">{result.isError ? 'Error' : 'Result'}</p>
      <div className="flex flex-col gap-3">
        {result.content.map((content, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a result does not change any more.
          <ResultPiece key={index} content={content} />
        ))}
        {result.structured !== undefined && result.content.length === 0 && (
          <CodeBlock code={JSON.stringify(result.structured, null, 2)} language="json" />
        )}
        {result.content.length === 0 && result.structured === undefined && (
          <p className="text-sm text-text-muted">It answered nothing.</p>
        )}
        {result.large && <LargeResult large={result.large} />}
      </div>
    </div>
  )
}

function ResultPiece({ content }: { content: ResultContent }): ReactNode {
  switch (content.type) {
    case 'text':
      return <ToolText text={content.text} />
    case 'image':
      return <FileView file={{ fileId: content.fileId, name: 'Image from the tool', mediaType: content.mediaType }} />
    case 'audio':
      // biome-ignore lint/a11y/useMediaCaption: there is no transcript of what a tool answers.
      return <audio controls src={parley.files.contentUrl(content.fileId)} />
    case 'resource':
      return (
        <div className="rounded-md border border-border bg-surface p-3 text-sm">
          <p className="font-medium">{stripDeceiving(content.name ?? content.uri)}</p>
          {content.name && <p className="break-all font-mono text-text-muted text-xs">{stripDeceiving(content.uri)}</p>}
          {content.text !== null && <ToolText text={content.text} />}
        </div>
      )
  }
}

/** JSON as code, anything else as what Markdown makes of it; links show where they lead. */
function ToolText({ text }: { text: string }) {
  const value = /^\s*[[{]/.test(text) ? parseJson(text) : undefined
  if (value !== undefined) return <CodeBlock code={JSON.stringify(value, null, 2)} language="json" />
  return (
    <div className="max-h-96 overflow-y-auto text-sm" tabIndex={text.length > 2000 ? 0 : undefined}>
      <Markdown text={text} origin="tool" />
    </div>
  )
}

function LargeResult({ large }: { large: NonNullable<ToolResult['large']> }) {
  const [pages, setPages] = useState<string[]>([])
  const more = useMutation({
    mutationFn: () => parley.toolResults.page(large.resultId, pages.length + 1),
    onSuccess: (page) => setPages((current) => [...current, page.text]),
  })
  return (
    <div className="flex flex-col gap-2 text-sm">
      <p className="text-text-muted">
        Too large for the model to read at once: {formatCount(large.characters)} characters, {large.pages} pages.
      </p>
      {pages.map((text, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: pages are only added at the end.
        <CodeBlock key={index} code={text} language="text" />
      ))}
      {more.error && <p className="text-danger">{explainError(more.error)}</p>}
      {pages.length < large.pages && (
        <Button size="small" className="self-start" loading={more.isPending} onClick={() => more.mutate()}>
          Read page {pages.length + 1} of {large.pages}
        </Button>
      )}
    </div>
  )
}
