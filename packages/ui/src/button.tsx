import type { ComponentProps } from 'react'
import { classNames } from './class-names.ts'
import { Spinner } from './spinner.tsx'

export type ButtonVariant = 'primary' | 'secondary' | 'ghost' | 'danger'
export type ButtonSize = 'small' | 'medium' | 'large'

export interface ButtonProps extends ComponentProps<'button'> {
  variant?: ButtonVariant
  size?: ButtonSize
  /** Shows a spinner and ignores presses, while the button keeps focus and width. */
  loading?: boolean
}

const variants: Record<ButtonVariant, string> = {
  primary: 'bg-accent text-accent-contrast shadow-raised hover:bg-accent-hover',
  secondary: 'bg-raised text-text border border-border-strong/60 hover:border-border-strong hover:bg-surface',
  ghost: 'text-text-muted hover:bg-sunken hover:text-text',
  danger: 'bg-danger text-danger-contrast shadow-raised hover:bg-danger-hover',
}

const sizes: Record<ButtonSize, string> = {
  small: 'h-8 px-3 text-sm gap-1.5 rounded-sm',
  medium: 'h-10 px-4 text-sm gap-2 rounded-md',
  large: 'h-12 px-6 text-base gap-2.5 rounded-md',
}

export function Button({
  variant = 'secondary',
  size = 'medium',
  loading = false,
  type = 'button',
  className,
  children,
  onClick,
  ...props
}: ButtonProps) {
  return (
    <button
      type={type}
      aria-disabled={loading || undefined}
      aria-busy={loading || undefined}
      onClick={loading ? (event) => event.preventDefault() : onClick}
      className={classNames(
        'relative inline-flex shrink-0 cursor-pointer select-none items-center justify-center whitespace-nowrap font-medium',
        'transition-colors duration-150 disabled:cursor-not-allowed disabled:opacity-50 aria-disabled:cursor-progress',
        '[&_svg]:size-[1.15em] [&_svg]:shrink-0',
        variants[variant],
        sizes[size],
        className,
      )}
      {...props}
    >
      {loading && <Spinner className="absolute" />}
      <span
        className={classNames('contents', loading && 'opacity-0 [&]:inline-flex [&]:items-center [&]:gap-[inherit]')}
      >
        {children}
      </span>
    </button>
  )
}
