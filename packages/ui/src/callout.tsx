import { CircleAlert, CircleCheck, Info, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { classNames } from './class-names.ts'

export type CalloutTone = 'info' | 'warning' | 'danger' | 'success'

const tones = {
  info: { icon: Info, className: 'border-accent/35 bg-accent-soft', iconClass: 'text-accent' },
  warning: { icon: TriangleAlert, className: 'border-warning/35 bg-warning-soft', iconClass: 'text-warning' },
  danger: { icon: CircleAlert, className: 'border-danger/35 bg-danger-soft', iconClass: 'text-danger' },
  success: { icon: CircleCheck, className: 'border-success/35 bg-success-soft', iconClass: 'text-success' },
}

/** A remark in the flow of the page. `live` announces it to screen readers when it appears. */
export function Callout({
  tone = 'info',
  title,
  actions,
  live = false,
  className,
  children,
}: {
  tone?: CalloutTone
  title?: string
  actions?: ReactNode
  live?: boolean
  className?: string
  children?: ReactNode
}) {
  const { icon: Icon, className: toneClass, iconClass } = tones[tone]
  const role = live ? (tone === 'danger' ? 'alert' : 'status') : undefined
  return (
    <div
      role={role}
      className={classNames('flex gap-3 rounded-md border px-4 py-3 text-sm text-text', toneClass, className)}
    >
      <Icon aria-hidden="true" className={classNames('mt-0.5 size-4.5 shrink-0', iconClass)} />
      <div className="flex min-w-0 flex-1 flex-col gap-1">
        {title && <p className="font-semibold">{title}</p>}
        {children && <div className="text-text">{children}</div>}
        {actions && <div className="mt-2 flex flex-wrap gap-2">{actions}</div>}
      </div>
    </div>
  )
}
