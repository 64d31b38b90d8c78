import { classNames } from './class-names.ts'

/** Lines in place of text that is on its way. */
export function Skeleton({
  lines = 3,
  label = 'Loading',
  className,
}: {
  lines?: number
  label?: string
  className?: string
}) {
  return (
    <div
      role="status"
      className={classNames('flex animate-pulse flex-col gap-2.5 motion-reduce:animate-none', className)}
    >
      <span className="sr-only">{label}</span>
      {Array.from({ length: lines }, (_, line) => (
        <span
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all alike.
          key={line}
          className={classNames('h-3.5 rounded-full bg-border', line === lines - 1 && lines > 1 ? 'w-3/5' : 'w-full')}
        />
      ))}
    </div>
  )
}
