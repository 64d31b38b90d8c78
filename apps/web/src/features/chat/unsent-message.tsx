import { Button, classNames } from '@parley/ui'
import { Link } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { formatCountdown, formatTime } from '../shell/format.ts'
import { SeePlans } from '../usage/billing/see-plans.tsx'
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
  const { state, retryAt } = unsent
  const failed = state === 'failed'
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
      {state === 'waiting' && retryAt !== null && (
        <div className="flex max-w-[85%] flex-col items-end gap-2 text-end text-sm">
          <p role="status">
            {unsent.error} Your message is kept and sent by itself at {formatTime(retryAt)}, while this window is open.
          </p>
          <div className="flex flex-wrap items-center justify-end gap-2">
            <Countdown to={retryAt} />
            <Link to="/settings/usage" className="px-1 text-accent underline-offset-4 hover:underline">
              See your limits
            </Link>
            <SeePlans />
            <Button size="small" onClick={onRetry}>
              Try now
            </Button>
            <Button size="small" variant="ghost" onClick={onDiscard}>
              Discard
            </Button>
          </div>
        </div>
      )}
      {failed && (
        <div role="alert" className="flex flex-wrap items-center justify-end gap-2 text-danger text-sm">
          <span>Not sent. {unsent.error}</span>
          <Button size="small" onClick={onRetry}>
            Send again
          </Button>
          <Button size="small" variant="ghost" onClick={onDiscard}>
            Discard
          </Button>
        </div>
      )}
      {state === 'sending' && <p className="px-1.5 text-text-muted text-xs">Sending…</p>}
    </article>
  )
}

/** Minutes and seconds until then, for those who look; readers were told the time of day. */
function Countdown({ to }: { to: string }) {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000)
    return () => clearInterval(timer)
  }, [])
  return (
    <span aria-hidden="true" className="text-text-muted tabular-nums">
      in {formatCountdown(new Date(to).getTime() - now)}
    </span>
  )
}
