import { classNames } from './class-names.ts'

/** The mark: two voices facing each other across a staff, and together the flag one talks under. Decoration: a name goes beside it. */
export function LogoMark({ className = 'size-8' }: { className?: string }) {
  return (
    <svg viewBox="0 0 32 32" className={classNames('shrink-0', className)} aria-hidden="true">
      <path className="fill-accent" d="M14 4.5v16.2H8.9L4 25.4v-4.9A3.5 3.5 0 0 1 2 17.3V8a3.5 3.5 0 0 1 3.5-3.5z" />
      <path className="fill-highlight" d="M18 4.5h10.6c1.2 0 1.8 1.4 1 2.3L25.4 12l4.2 5.2c.8.9.2 2.3-1 2.3H18z" />
      <path className="fill-text" d="M16 2.5c.7 0 1.2.5 1.2 1.2v24.6a1.2 1.2 0 0 1-2.4 0V3.7c0-.7.5-1.2 1.2-1.2z" />
    </svg>
  )
}

/** Mark and name. */
export function Logo({ className }: { className?: string }) {
  return (
    <span className={classNames('inline-flex items-center gap-2.5 text-text', className)}>
      <LogoMark />
      <span className="font-display font-semibold text-[1.35rem] leading-none tracking-tight">Parley</span>
    </span>
  )
}
