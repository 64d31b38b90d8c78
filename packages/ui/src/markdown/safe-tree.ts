import type { ElementContent, Root, RootContent } from 'hast'

/** Overrides of the direction of text, and the invisible characters that can carry text nobody sees. */
const deceiving = /[\u202A-\u202E\u2066-\u2069\u{E0000}-\u{E007F}]/gu

/** The text without bidirectional overrides and tag characters: what is read is what is there. */
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
