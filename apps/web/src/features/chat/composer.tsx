import type { ConversationPreset, FileInfo, Model } from '@parley/contract'
import { Button, classNames, IconButton, Spinner } from '@parley/ui'
import { ArrowUp, ChevronDown, FileText, Paperclip, Square, TriangleAlert, X } from 'lucide-react'
import {
  type ClipboardEvent,
  type DragEvent,
  type KeyboardEvent,
  useEffect,
  useId,
  useLayoutEffect,
  useRef,
  useState,
} from 'react'
import { parley } from '../../parley.ts'
import { modelName } from '../models/list-models.ts'
import { ModelPicker } from '../models/model-picker.tsx'
import { PresetPicker } from '../presets/preset-picker.tsx'
import { type Attachment, acceptedTypes, useAttachments } from './attachments.ts'
import { useDraft } from './draft.ts'

export interface Composed {
  text: string
  files: FileInfo[]
}

/** Where messages are written. What is typed stays until it was taken over by `onSend`. */
export function Composer({
  conversationId,
  models,
  model,
  onModel,
  preset = null,
  onPreset,
  onSend,
  onStop,
  prompt,
  autoFocus = false,
}: {
  conversationId: string | undefined
  models: readonly Model[]
  /** The chosen model; null: the preset's, else the workspace's default. */
  model: string | null
  onModel: (model: string) => void
  preset?: ConversationPreset | null
  /** Left out where the person may not choose another. */
  onPreset?: ((id: string | null) => void) | undefined
  /** May fail: then the text stays. */
  onSend: (composed: Composed) => unknown
  /** Set while an answer is being written. */
  onStop?: () => void
  /** A text to put in, as if typed. */
  prompt?: string
  autoFocus?: boolean
}) {
  const [text, setText] = useDraft(conversationId)
  const { attachments, add, remove, clear } = useAttachments()
  const [dragging, setDragging] = useState(false)
  const [sending, setSending] = useState(false)
  const field = useRef<HTMLTextAreaElement>(null)
  const picker = useRef<HTMLInputElement>(null)
  const reasonId = useId()
  const wanted = model ?? preset?.model ?? null
  const chosen = models.find(({ id }) => id === wanted) ?? models.find(({ isDefault }) => isDefault) ?? models[0]

  useEffect(() => {
    // Not on touch screens, where the keyboard would cover the page.
    if (autoFocus && window.matchMedia('(pointer: fine)').matches) field.current?.focus()
  }, [autoFocus])

  // biome-ignore lint/correctness/useExhaustiveDependencies: the text decides how high the field is.
  useLayoutEffect(() => {
    const element = field.current!
    element.style.height = 'auto'
    element.style.height = `${Math.min(element.scrollHeight, window.innerHeight * 0.4)}px`
  }, [text])

  useEffect(() => {
    if (prompt === undefined) return
    setText(prompt)
    field.current?.focus()
  }, [prompt, setText])

  const files = attachments.flatMap(({ file }) => (file ? [file] : []))
  const reason = whyNot(attachments, chosen)
  const empty = text.trim() === '' && attachments.length === 0
  const blocked = empty || reason !== undefined || sending || onStop !== undefined

  const send = async () => {
    if (blocked) return
    setSending(true)
    try {
      await onSend({ text: text.trim(), files })
      setText('')
      clear()
    } catch {
      // The caller says what went wrong; the text stays to be sent again.
    } finally {
      setSending(false)
      field.current?.focus()
    }
  }
  const onKeyDown = (event: KeyboardEvent) => {
    // While a word is being composed (IME), Enter takes the word.
    if (event.nativeEvent.isComposing || event.keyCode === 229) return
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault()
      void send()
    } else if (event.key === 'Escape' && onStop) {
      event.preventDefault()
      onStop()
    }
  }
  const onPaste = (event: ClipboardEvent) => {
    const pasted = [...event.clipboardData.files]
    if (pasted.length === 0) return
    event.preventDefault()
    add(pasted)
  }
  const onDrop = (event: DragEvent) => {
    event.preventDefault()
    setDragging(false)
    add(event.dataTransfer.files)
  }

  return (
    <form
      aria-label="New message"
      onSubmit={(event) => {
        event.preventDefault()
        void send()
      }}
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes('Files')) return
        event.preventDefault()
        setDragging(true)
      }}
      onDragLeave={() => setDragging(false)}
      onDrop={onDrop}
      className={classNames(
        'relative rounded-xl border bg-raised shadow-overlay transition-colors focus-within:border-border-strong',
        dragging ? 'border-accent border-dashed' : 'border-border',
      )}
    >
      {attachments.length > 0 && (
        <ul aria-label="Attached files" className="flex flex-wrap gap-2 px-4 pt-4">
          {attachments.map((attachment) => (
            <AttachmentChip
              key={attachment.key}
              attachment={attachment}
              onRemove={() => {
                remove(attachment.key)
                field.current?.focus()
              }}
            />
          ))}
        </ul>
      )}
      <textarea
        ref={field}
        rows={1}
        aria-label="Message"
        aria-describedby={reason ? reasonId : undefined}
        placeholder={dragging ? 'Drop files here' : 'Write a message'}
        dir="auto"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        onPaste={onPaste}
        className="block max-h-[40vh] min-h-14 w-full resize-none bg-transparent px-5 pt-4 pb-2 leading-relaxed outline-none placeholder:text-text-faint"
      />
      <div className="flex items-center gap-1 px-2.5 pb-2.5">
        <IconButton label="Attach files" size="small" onClick={() => picker.current?.click()}>
          <Paperclip />
        </IconButton>
        <input
          ref={picker}
          type="file"
          multiple
          accept={acceptedTypes}
          hidden
          onChange={(event) => {
            add(event.currentTarget.files ?? [])
            event.currentTarget.value = ''
          }}
        />
        {chosen && (
          <ModelPicker
            models={models}
            value={chosen.id}
            onChoose={({ id }) => {
              onModel(id)
              setTimeout(() => field.current?.focus())
            }}
            trigger={
              <Button variant="ghost" size="small" className="min-w-0 shrink! max-sm:px-2!" data-testid="model-picker">
                <span className="sr-only">Model: </span>
                <span className="truncate">{modelName(models, wanted ?? chosen.id)}</span>
                <ChevronDown aria-hidden="true" />
              </Button>
            }
          />
        )}
        <PresetPicker
          preset={preset}
          onChoose={
            onPreset &&
            ((id) => {
              onPreset(id)
              setTimeout(() => field.current?.focus())
            })
          }
        />
        <p id={reasonId} role="status" className="min-w-0 flex-1 truncate text-end text-text-muted text-xs">
          {reason}
        </p>
        {onStop ? (
          <IconButton label="Stop (Esc)" variant="primary" onClick={onStop} className="rounded-full!" tooltipSide="top">
            <Square className="size-4! fill-current" />
          </IconButton>
        ) : (
          <IconButton
            label="Send"
            type="submit"
            variant="primary"
            disabled={blocked}
            tooltip={false}
            className="rounded-full!"
          >
            {sending ? <Spinner /> : <ArrowUp />}
          </IconButton>
        )}
      </div>
    </form>
  )
}

/** Why the message cannot be sent yet; undefined when it can. */
function whyNot(attachments: readonly Attachment[], model: Model | undefined): string | undefined {
  if (attachments.some(({ error }) => error)) return 'Remove what could not be attached.'
  if (attachments.some(({ file }) => !file)) return 'Uploading…'
  const images = attachments.some(({ file }) => file?.mediaType.startsWith('image/'))
  if (images && model && !model.capabilities.images) return `${model.name} does not see images.`
  return undefined
}

function AttachmentChip({ attachment, onRemove }: { attachment: Attachment; onRemove: () => void }) {
  const { name, file, error, isImage } = attachment
  return (
    <li
      className={classNames(
        'flex items-center gap-2.5 rounded-md border bg-surface p-1.5 pe-1 text-sm',
        error ? 'border-danger' : 'border-border',
      )}
    >
      <span className="grid size-10 shrink-0 place-items-center overflow-hidden rounded-sm bg-sunken text-text-muted">
        {error ? (
          <TriangleAlert aria-hidden="true" className="size-4 text-danger" />
        ) : !file ? (
          <Spinner />
        ) : isImage ? (
          <img src={parley.files.contentUrl(file.id)} alt="" className="size-full object-cover" />
        ) : (
          <FileText aria-hidden="true" className="size-4" />
        )}
      </span>
      <span className="max-w-40">
        <span className="block truncate">{name}</span>
        {error && <span className="block text-danger text-xs">{error}</span>}
      </span>
      <IconButton label={`Remove ${name}`} size="small" tooltip={false} onClick={onRemove}>
        <X />
      </IconButton>
    </li>
  )
}
