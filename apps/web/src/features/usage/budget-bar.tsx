import type { Budget, BudgetStanding } from '@parley/contract'
import { Badge, classNames } from '@parley/ui'
import { formatAmount, formatReset } from './format-amount.ts'

const fills = { ok: 'bg-accent', warning: 'bg-warning', exceeded: 'bg-danger' }

/** How far a budget is used up: spent, held by calls under way, and left. Says so in words too. */
export function BudgetBar({ budget, standing, label }: { budget: Budget; standing: BudgetStanding; label: string }) {
  const { unit, amount } = budget
  const { spent, reserved, level, resetsAt } = standing
  const percent = Math.round((spent / amount) * 100)
  const width = (part: number) => `${Math.min(100, Math.max(0, (part / amount) * 100))}%`
  return (
    <div className="flex flex-col gap-1.5">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1 text-sm">
        <p>
          <span className="font-medium">{formatAmount(unit, spent)}</span>
          <span className="text-text-muted"> of {formatAmount(unit, amount)}</span>
          {reserved > 0 && (
            <span className="text-text-muted"> · {formatAmount(unit, reserved)} held by answers being written</span>
          )}
        </p>
        <p className="flex items-center gap-2 text-text-muted">
          {level === 'warning' && <Badge tone="warning">{percent} % used</Badge>}
          {level === 'exceeded' && <Badge tone="danger">Used up</Badge>}
          anew {formatReset(resetsAt)}
        </p>
      </div>
      <div
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={Math.min(100, percent)}
        aria-valuetext={`${percent} percent used`}
        className="flex h-2.5 overflow-hidden rounded-full bg-sunken ring-1 ring-border ring-inset"
      >
        <span className={classNames('h-full', fills[level])} style={{ inlineSize: width(spent) }} />
        <span
          className="h-full bg-border-strong/60"
          style={{ inlineSize: width(Math.min(reserved, amount - spent)) }}
        />
      </div>
    </div>
  )
}
