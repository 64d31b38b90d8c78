import { Tooltip as Radix } from 'radix-ui'
import type { ReactNode } from 'react'

/** A few words about the control inside, on hover and on focus. It repeats the control's name, never adds to it. */
export function Tooltip({
  text,
  side,
  children,
}: {
  text: string
  side?: 'top' | 'right' | 'bottom' | 'left'
  children: ReactNode
}) {
  return (
    <Radix.Provider delayDuration={400}>
      <Radix.Root>
        <Radix.Trigger asChild>{children}</Radix.Trigger>
        <Radix.Portal>
          {/* A region of its own: what stands in none is lost to those who move from region to region. */}
          <section aria-label="Hint">
            <Radix.Content
              side={side}
              sideOffset={6}
              collisionPadding={8}
              className="z-50 max-w-72 rounded-sm bg-text px-2.5 py-1 text-bg text-xs shadow-overlay"
            >
              {text}
            </Radix.Content>
          </section>
        </Radix.Portal>
      </Radix.Root>
    </Radix.Provider>
  )
}
