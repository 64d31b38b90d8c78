import { createHash } from 'node:crypto'

const longestName = 64
const suffixCharacters = 8

/**
 * The name under which models see a tool: `<slug>__<tool>`, of the characters and length that every provider takes. A
 * name that had to be changed for that ends in a hash, so that two never meet, whichever server came first (P10).
 */
export function modelNameOf(slug: string, tool: string, options: { distinct?: boolean } = {}): string {
  const plain = `${slug}__${tool}`
  const legal = plain.replace(/[^a-zA-Z0-9_-]/g, '_')
  if (legal === plain && plain.length <= longestName && !options.distinct) return plain
  const hash = createHash('sha256')
    .update(`${slug}\0${tool}\0${options.distinct ?? false}`)
    .digest('hex')
  return `${legal.slice(0, longestName - suffixCharacters - 1)}_${hash.slice(0, suffixCharacters)}`
}

/** A short name made of a name for people: `My GitHub` gives `my-github`. Never with `__`, which ends it in tools' names. */
export function slugOf(name: string): string {
  const slug = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 30)
    .replace(/^-|-$/g, '')
  return slug === '' ? 'server' : slug
}

/** In byte order, as the list of tools is: the same everywhere, whatever the locale. */
export function inByteOrder<T extends { name: string }>(items: T[]): T[] {
  return items.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}
