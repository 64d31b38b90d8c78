import { Button, classNames } from '@parley/ui'
import { FileView } from './file-view.tsx'
import type { Unsent } from './unsent.ts'

/** A message on its way to the server, or one that did not get there. */
export function UnsentMessage({
  unsent,
  onRetry,
  onDiscard,
}: {
  unsent: Unsent
  onRetry: () => void
  onDiscard: () => void
}) {
  const failed = unsent.state === 'failed'
  return (
    <article aria-label="You, not sent yet" className="flex flex-col items-end gap-1.5">
      {unsent.files.map((file) => (
        <FileView key={file.id} file={{ ...file, fileId: file.id }} />
      ))}
      {unsent.text && (
        <div
          dir="auto"
          className={classNames(
            'max-w-[85%] whitespace-pre-wrap rounded-xl rounded-ee-sm bg-accent-soft px-4 py-2.5 leading-relaxed',
            failed ? 'ring-1 ring-danger' : 'opacity-80',
          )}
        >
          {unsent.text}
        </div>
      )}
      {failed ? (
        <div role="alert" className="flex flex-wrap items-center justify-end gap-2 text-danger text-sm">
          <span>Not sent. {unsent.error}</span>
          <Button size="small" onClick={onRetry}>
            Send again
          </Button>
          <Button size="small" variant="ghost" onClick={onDiscard}>
            Discard
          </Button>
        </div>
      ) : (
        <p className="px-1.5 text-text-muted text-xs">Sending…</p>
      )}
    </article>
  )
}
