import { type ComponentProps, useCallback, useState } from 'react'

/**
 * A container that scrolls sideways. While its content is wider than itself it can be focused and is announced by `label`,
 * so that the keyboard reaches what is out of sight.
 */
export function Scrollable({ label, ...props }: { label: string } & Omit<ComponentProps<'div'>, 'ref'>) {
  const [scrolls, setScrolls] = useState(false)
  const watch = useCallback((element: HTMLDivElement | null) => {
    if (!element || typeof ResizeObserver === 'undefined') return
    const measure = () =>
      setScrolls(element.scrollWidth > element.clientWidth || element.scrollHeight > element.clientHeight)
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    for (const child of element.children) observer.observe(child)
    return () => observer.disconnect()
  }, [])
  const focusable = scrolls ? ({ tabIndex: 0, role: 'group', 'aria-label': label } as const) : {}
  return <div ref={watch} {...props} {...focusable} />
}
