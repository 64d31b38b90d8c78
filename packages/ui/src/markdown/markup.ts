import { type CSSProperties, createElement, type ReactNode } from 'react'

const elements = new Set(
  (
    'span svg path line math semantics annotation mrow mi mo mn ms mtext mspace msup msub msubsup mfrac msqrt mroot mover ' +
    'munder munderover mtable mtr mtd mlabeledtr mstyle mpadded mphantom menclose mmultiscripts mprescripts merror none'
  ).split(' '),
)
const attributes: Record<string, string> = {
  class: 'className',
  'aria-hidden': 'aria-hidden',
  'stroke-width': 'strokeWidth',
}
const sameName =
  /^(xmlns|width|height|viewBox|preserveAspectRatio|d|x1|x2|y1|y2|encoding|display|displaystyle|scriptlevel|mathvariant|mathcolor|mathbackground|mathsize|accent|accentunder|stretchy|fence|separator|lspace|rspace|minsize|maxsize|notation|columnalign|columnspacing|columnlines|rowalign|rowspacing|rowlines|linethickness|depth|voffset|symmetric|movablelimits|side|largeop|form|linebreak)$/
const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', '#x27': "'", '#39': "'" }

interface OpenElement {
  name: string
  props: Record<string, unknown>
  children: ReactNode[]
}

/**
 * Turns the markup that KaTeX and highlight.js return into React elements, without `innerHTML` and under a list of what may
 * appear: spans, SVG shapes and MathML, with no attribute that can load or run something. Anything else keeps its text alone.
 * Styles become objects, which a Content-Security-Policy without `unsafe-inline` lets through.
 */
export function markupToReact(markup: string): ReactNode[] {
  const root: OpenElement = { name: '', props: {}, children: [] }
  const stack = [root]
  for (const [, closing, name, attributeText, selfClosing, text] of markup.matchAll(
    /<(\/?)([a-zA-Z][\w-]*)((?:\s+[\w:-]+(?:="[^"]*")?)*)\s*(\/?)>|([^<]+|<)/g,
  )) {
    const parent = stack[stack.length - 1] ?? root
    if (text !== undefined) parent.children.push(decode(text))
    else if (!closing) {
      stack.push({ name: name ?? '', props: readAttributes(attributeText ?? ''), children: [] })
      if (selfClosing) closeElement(stack)
    } else if (stack.length > 1) closeElement(stack)
  }
  while (stack.length > 1) closeElement(stack)
  return root.children
}

function closeElement(stack: OpenElement[]): void {
  const element = stack.pop()
  const parent = stack[stack.length - 1]
  if (!element || !parent) return
  if (!elements.has(element.name)) parent.children.push(...element.children)
  else
    parent.children.push(
      createElement(element.name, { ...element.props, key: parent.children.length }, ...element.children),
    )
}

function readAttributes(text: string): Record<string, unknown> {
  const props: Record<string, unknown> = {}
  for (const [, name = '', value = ''] of text.matchAll(/([\w:-]+)="([^"]*)"/g)) {
    const property = attributes[name] ?? (sameName.test(name) ? name : undefined)
    if (name === 'style') props.style = readStyle(decode(value))
    else if (property) props[property] = decode(value)
  }
  return props
}

function readStyle(text: string): CSSProperties {
  const style: Record<string, string> = {}
  for (const declaration of text.split(';')) {
    const [name = '', value = ''] = declaration.split(/:(.*)/s)
    // No value KaTeX writes needs a function or an escape, and those are the only ways for CSS to load something.
    if (!/^[a-z-]+$/.test(name.trim()) || /[(\\@]/.test(value)) continue
    style[name.trim().replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase())] = value.trim()
  }
  return style
}

function decode(text: string): string {
  return text.replace(/&([a-z]+|#x27|#39);/g, (whole, name: string) => entities[name] ?? whole)
}
