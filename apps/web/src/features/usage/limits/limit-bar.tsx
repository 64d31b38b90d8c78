import type { LimitState } from '@parley/contract'
import { Badge, classNames } from '@parley/ui'
import { formatCount } from '../../shell/format.ts'
import { formatReset } from '../format-amount.ts'
import { windowInWords } from './list-limits.ts'

/** From here on the bar says that it gets narrow. */
const narrowAt = 0.8

/** How far a limit on requests is used up, and when all of it is there again. Says so in words too. */
export function LimitBar({ state, label }: { state: LimitState; label: string }) {
  const { limit, remaining, resetsAt } = state
  const used = limit - remaining
  const share = used / limit
  const percent = Math.round(share * 100)
  const isUsedUp = remaining === 0
  return (
    <div className="flex flex-col gap-1.5">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1 text-sm">
        <p>
          <span className="font-medium">{formatCount(used)}</span>
          <span className="text-text-muted">
            {' '}
            of {formatCount(limit)} in {article(windowInWords(state))}
          </span>
        </p>
        <p className="flex items-center gap-2 text-text-muted">
          {isUsedUp && <Badge tone="danger">Used up</Badge>}
          {!isUsedUp && share >= narrowAt && <Badge tone="warning">{percent} % used</Badge>}
          {used > 0 ? `all there again ${formatReset(resetsAt)}` : 'all there'}
        </p>
      </div>
      <div
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        aria-valuetext={`${percent} percent used`}
        className="flex h-2.5 overflow-hidden rounded-full bg-sunken ring-1 ring-border ring-inset"
      >
        <span
          className={classNames('h-full', isUsedUp ? 'bg-danger' : share >= narrowAt ? 'bg-warning' : 'bg-accent')}
          style={{ inlineSize: `${percent}%` }}
        />
      </div>
    </div>
  )
}

function article(window: string): string {
  return /^\d/.test(window) ? window : `${window === 'hour' ? 'an' : 'a'} ${window}`
}
