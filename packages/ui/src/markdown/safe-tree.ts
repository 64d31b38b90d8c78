import type { ElementContent, Root, RootContent } from 'hast'

/**
 * Overrides of the direction of text, and the invisible characters that can carry text nobody sees or part a word that
 * should be recognised. Joiners and marks that languages need stay.
 */
const deceiving = /[\u00AD\u200B\u202A-\u202E\u2060-\u206F\uFEFF\u{E0000}-\u{E0FFF}]/gu

/** The text without what deceives the eye: what is read is what is there. For names and titles that others chose, too. */
export function stripDeceiving(text: string): string {
  return text.replace(deceiving, '')
}

/**
 * Rehype plugin: HTML in the text becomes text, and deceiving characters go, also those written as entities.
 */
export function safeTree() {
  return (tree: Root): void => cleanChildren(tree)
}

function cleanChildren(parent: { children: (RootContent | ElementContent)[] }): void {
  parent.children = parent.children.map((node) => {
    if (node.type === 'text' || node.type === 'raw') return { type: 'text', value: stripDeceiving(node.value) }
    if (node.type !== 'element') return node
    for (const [name, value] of Object.entries(node.properties)) {
      if (typeof value === 'string') node.properties[name] = stripDeceiving(value)
    }
    cleanChildren(node)
    return node
  })
}
