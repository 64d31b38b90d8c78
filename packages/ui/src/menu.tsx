import { Check } from 'lucide-react'
import { DropdownMenu as Radix } from 'radix-ui'
import type { ReactNode } from 'react'
import { classNames } from './class-names.ts'

export interface MenuProps {
  /** The button that opens it; it takes a ref and props, as Button and IconButton do. */
  trigger: ReactNode
  align?: 'start' | 'center' | 'end'
  side?: 'top' | 'right' | 'bottom' | 'left'
  children: ReactNode
}

const itemClass =
  'flex min-h-9 cursor-pointer select-none items-center gap-2.5 rounded-sm px-2.5 py-1.5 text-sm outline-none ' +
  'data-[disabled]:cursor-not-allowed data-[disabled]:opacity-50 data-[highlighted]:bg-accent-soft ' +
  '[&_svg]:size-4 [&_svg]:shrink-0'

/** A menu of actions or choices. Not modal: a modal one locks scrolling by a <style> element, which a strict CSP refuses. */
export function Menu({ trigger, align = 'start', side = 'bottom', children }: MenuProps) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        {/* A region of its own: what stands in none is lost to those who move from region to region. */}
        <section aria-label="Menu">
          <Radix.Content
            align={align}
            side={side}
            sideOffset={6}
            collisionPadding={8}
            className="z-50 max-h-[var(--radix-dropdown-menu-content-available-height)] min-w-48 max-w-96 overflow-y-auto rounded-md border border-border bg-raised p-1.5 text-text shadow-overlay"
          >
            {children}
          </Radix.Content>
        </section>
      </Radix.Portal>
    </Radix.Root>
  )
}

export function MenuItem({
  icon,
  danger = false,
  disabled,
  onSelect,
  children,
}: {
  icon?: ReactNode
  danger?: boolean
  disabled?: boolean
  onSelect?: () => void
  children: ReactNode
}) {
  return (
    <Radix.Item
      disabled={disabled}
      onSelect={onSelect}
      className={classNames(itemClass, danger && 'text-danger data-[highlighted]:bg-danger-soft')}
    >
      {icon}
      {children}
    </Radix.Item>
  )
}

export interface MenuChoice {
  value: string
  label: ReactNode
  hint?: ReactNode
  disabled?: boolean
}

/** Choices of which one is marked. */
export function MenuChoices({
  value,
  onChange,
  choices,
}: {
  value: string | undefined
  onChange: (value: string) => void
  choices: readonly MenuChoice[]
}) {
  return (
    <Radix.RadioGroup value={value} onValueChange={onChange}>
      {choices.map((choice) => (
        <Radix.RadioItem key={choice.value} value={choice.value} disabled={choice.disabled} className={itemClass}>
          <span className="flex size-4 items-center justify-center text-accent">
            <Radix.ItemIndicator>
              <Check aria-hidden="true" />
            </Radix.ItemIndicator>
          </span>
          <span className="flex min-w-0 flex-col">
            <span className="truncate">{choice.label}</span>
            {choice.hint && <span className="text-text-muted text-xs">{choice.hint}</span>}
          </span>
        </Radix.RadioItem>
      ))}
    </Radix.RadioGroup>
  )
}

export function MenuLabel({ children }: { children: ReactNode }) {
  return <Radix.Label className="px-2.5 pt-1.5 pb-1 font-medium text-text-faint text-xs">{children}</Radix.Label>
}

export function MenuSeparator() {
  return <Radix.Separator className="my-1.5 h-px bg-border" />
}
