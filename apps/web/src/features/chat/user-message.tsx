import type { Message } from '@parley/contract'
import { Button, CopyButton, classNames, IconButton } from '@parley/ui'
import { Pencil } from 'lucide-react'
import { memo, useLayoutEffect, useRef, useState } from 'react'
import { formatMoment, formatTime } from '../shell/format.ts'
import { FileView } from './file-view.tsx'
import { useMayWrite } from './may-write.ts'
import { SiblingSwitcher } from './sibling-switcher.tsx'

export const UserMessage = memo(function UserMessage({
  message,
  author,
  onEdit,
  onShowSibling,
}: {
  message: Message
  /** The name of who wrote it, where that is somebody else. */
  author: string | undefined
  onEdit: (message: Message, text: string) => void
  onShowSibling: (messageId: string) => void
}) {
  const mayWrite = useMayWrite()
  const [editing, setEditing] = useState(false)
  const edit = useRef<HTMLButtonElement>(null)
  const text = message.parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n\n')
  const files = message.parts.filter((part) => part.type === 'file')
  const close = () => {
    setEditing(false)
    setTimeout(() => edit.current?.focus())
  }
  return (
    <article aria-label={author ?? 'You'} className="group flex flex-col items-end gap-1.5">
      {author && (
        <p dir="auto" className="px-1 font-medium text-text-muted text-xs">
          {author}
        </p>
      )}
      {files.length > 0 && (
        <div className="flex flex-wrap justify-end gap-2">
          {files.map((part) => (
            <FileView key={part.fileId} file={part} />
          ))}
        </div>
      )}
      {editing ? (
        <EditField
          text={text}
          onCancel={close}
          onSave={(next) => {
            setEditing(false)
            onEdit(message, next)
          }}
        />
      ) : (
        text && (
          <div
            dir="auto"
            className={classNames(
              'max-w-[85%] whitespace-pre-wrap rounded-xl rounded-ee-sm px-4 py-2.5 leading-relaxed',
              author ? 'border border-border bg-raised' : 'bg-accent-soft',
            )}
          >
            {text}
          </div>
        )
      )}
      {!editing && (
        <div className="flex items-center gap-0.5 opacity-0 transition-opacity focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100">
          <time
            dateTime={message.createdAt}
            title={formatMoment(message.createdAt)}
            className="px-1.5 text-text-faint text-xs"
          >
            {formatTime(message.createdAt)}
          </time>
          <SiblingSwitcher message={message} onShow={onShowSibling} />
          <CopyButton text={text} label="Copy message" />
          {mayWrite && (
            <IconButton ref={edit} label="Edit message" size="small" onClick={() => setEditing(true)}>
              <Pencil />
            </IconButton>
          )}
        </div>
      )}
    </article>
  )
})

function EditField({ text, onSave, onCancel }: { text: string; onSave: (text: string) => void; onCancel: () => void }) {
  const [value, setValue] = useState(text)
  const field = useRef<HTMLTextAreaElement>(null)
  useLayoutEffect(() => {
    const element = field.current!
    element.focus()
    element.setSelectionRange(element.value.length, element.value.length)
  }, [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text decides how high the field is.
  useLayoutEffect(() => {
    const element = field.current!
    element.style.height = 'auto'
    element.style.height = `${Math.min(element.scrollHeight, window.innerHeight * 0.5)}px`
  }, [value])
  const save = () => value.trim() && onSave(value.trim())
  return (
    <div className="w-full rounded-lg border border-border-strong bg-raised p-3">
      <textarea
        ref={field}
        aria-label="Edit message"
        dir="auto"
        value={value}
        onChange={(event) => setValue(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return
          if (event.key === 'Enter' && !event.shiftKey) {
            event.preventDefault()
            save()
          } else if (event.key === 'Escape') onCancel()
        }}
        className="w-full resize-none bg-transparent px-1 leading-relaxed outline-none"
      />
      <div className="mt-2 flex items-center justify-end gap-2">
        <p className="me-auto text-text-muted text-xs">The old version stays, one step to the side.</p>
        <Button size="small" onClick={onCancel}>
          Cancel
        </Button>
        <Button size="small" variant="primary" disabled={!value.trim()} onClick={save}>
          Send
        </Button>
      </div>
    </div>
  )
}
