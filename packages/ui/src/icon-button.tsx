import type { ComponentProps, ReactNode } from 'react'
import { classNames } from './class-names.ts'
import { Tooltip } from './tooltip.tsx'

export interface IconButtonProps extends Omit<ComponentProps<'button'>, 'children' | 'aria-label' | 'title'> {
  /** What it does: its accessible name, and its tooltip. */
  label: string
  variant?: 'ghost' | 'secondary' | 'primary'
  size?: 'small' | 'medium'
  /** Off where the icon speaks for itself and the button takes the focus unasked. */
  tooltip?: boolean
  tooltipSide?: 'top' | 'right' | 'bottom' | 'left'
  children: ReactNode
}

const variants = {
  ghost: 'text-text-muted hover:bg-sunken hover:text-text aria-pressed:bg-accent-soft aria-pressed:text-accent',
  secondary: 'border border-border-strong/60 bg-raised text-text hover:border-border-strong hover:bg-surface',
  primary: 'bg-accent text-accent-contrast shadow-raised hover:bg-accent-hover',
}

export function IconButton({
  label,
  variant = 'ghost',
  size = 'medium',
  tooltip = true,
  tooltipSide,
  type = 'button',
  className,
  children,
  ...props
}: IconButtonProps) {
  const button = (
    <button
      type={type}
      aria-label={label}
      className={classNames(
        'inline-flex shrink-0 cursor-pointer items-center justify-center transition-colors duration-150',
        'disabled:cursor-not-allowed disabled:opacity-50',
        size === 'small' ? 'size-8 rounded-sm [&_svg]:size-4' : 'size-10 rounded-md [&_svg]:size-5',
        variants[variant],
        className,
      )}
      {...props}
    >
      {children}
    </button>
  )
  if (!tooltip) return button
  return (
    <Tooltip text={label} side={tooltipSide}>
      {button}
    </Tooltip>
  )
}
