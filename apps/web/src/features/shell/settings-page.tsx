import { classNames } from '@parley/ui'

/** Head of one page of settings. */
export function SettingsHead({
  title,
  action,
  children,
}: {
  title: string
  action?: React.ReactNode
  children: React.ReactNode
}) {
  return (
    <div className="mb-8 flex flex-wrap items-start justify-between gap-4">
      <div className="min-w-0 max-w-lg flex-1 basis-72">
        <h1 className="font-display text-3xl tracking-tight">{title}</h1>
        <p className="mt-2 text-text-muted">{children}</p>
      </div>
      {action}
    </div>
  )
}

/** A list of things with their state, on paper. */
export function Panel({ className, children }: { className?: string; children: React.ReactNode }) {
  return (
    <section className={classNames('rounded-lg border border-border bg-raised shadow-raised', className)}>
      {children}
    </section>
  )
}
