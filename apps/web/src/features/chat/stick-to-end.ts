import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'

/** Nearer to the end than this, the reader counts as being there. */
const nearPx = 64
/** What people scroll with, and for how long after it a scroll counts as theirs (fingers let a page glide on). */
const acts = ['wheel', 'touchmove', 'pointerdown', 'keydown', 'focusin']
const actMs = 1500

/**
 * Keeps the end of a growing text in view for a reader who is there, and leaves one who scrolled up alone. `first` names
 * the first item: when earlier ones come before it, what is read stays where it is.
 */
export function useStickToEnd(first: string | undefined) {
  const [scroller, setScroller] = useState<HTMLElement | null>(null)
  const [content, setContent] = useState<HTMLElement | null>(null)
  const [atEnd, setAtEnd] = useState(true)
  const stuck = useRef(true)
  const before = useRef<{ first: string | undefined; height: number }>({ first, height: 0 })

  const toEnd = useCallback(
    (behavior: ScrollBehavior = 'auto') => {
      stuck.current = true
      setAtEnd(true)
      if (!scroller) return
      const { scrollHeight, clientHeight } = scroller
      // A long way is not glided through, and none by whoever wants less motion.
      scroller.scrollTop = Math.max(scroller.scrollTop, scrollHeight - 2 * clientHeight)
      const still = window.matchMedia('(prefers-reduced-motion: reduce)').matches
      scroller.scrollTo({ top: scrollHeight, behavior: still ? 'auto' : behavior })
    },
    [scroller],
  )

  useEffect(() => {
    if (!scroller || !content) return
    let lastTop = scroller.scrollTop
    let lastActAt = 0
    const onAct = () => {
      lastActAt = performance.now()
    }
    const onScroll = () => {
      const left = scroller.scrollHeight - scroller.clientHeight - scroller.scrollTop
      // A text that is rendered anew may shrink for a moment, which scrolls up too: only the reader's own way up lets go.
      if (left < nearPx) stuck.current = true
      else if (scroller.scrollTop < lastTop - 1 && performance.now() - lastActAt < actMs) stuck.current = false
      lastTop = scroller.scrollTop
      setAtEnd(left < nearPx || stuck.current)
    }
    const observer = new ResizeObserver(() => {
      if (stuck.current) scroller.scrollTop = scroller.scrollHeight
      before.current.height = scroller.scrollHeight
    })
    observer.observe(content)
    observer.observe(scroller)
    scroller.addEventListener('scroll', onScroll, { passive: true })
    for (const act of acts) scroller.addEventListener(act, onAct, { passive: true })
    return () => {
      observer.disconnect()
      scroller.removeEventListener('scroll', onScroll)
      for (const act of acts) scroller.removeEventListener(act, onAct)
    }
  }, [scroller, content])

  useLayoutEffect(() => {
    if (scroller && before.current.first !== undefined && before.current.first !== first && !stuck.current) {
      scroller.scrollTop += scroller.scrollHeight - before.current.height
    }
    before.current = { first, height: scroller?.scrollHeight ?? 0 }
  }, [first, scroller])

  return { scrollerRef: setScroller, contentRef: setContent, atEnd, toEnd }
}
