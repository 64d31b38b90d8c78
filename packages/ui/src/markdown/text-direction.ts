import type { Element, ElementContent } from 'hast'

const rightToLeft = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u

/** All text inside an element. */
export function textOf(node: Element | ElementContent): string {
  if (node.type === 'text') return node.value
  return node.type === 'element' ? node.children.map(textOf).join('') : ''
}

/**
 * The direction of a list or quotation by its first letter. `dir="auto"` does not serve there: it skips descendants that
 * carry a direction themselves, as the paragraphs inside do.
 */
export function directionOf(node: Element | undefined): 'rtl' | 'ltr' {
  const firstLetter = node && /\p{L}/u.exec(textOf(node))?.[0]
  return firstLetter && rightToLeft.test(firstLetter) ? 'rtl' : 'ltr'
}
