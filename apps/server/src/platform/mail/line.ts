/** A sentence of a mail: our own words, and between them what people typed. */
export type Line = readonly (string | Typed)[]

interface Typed {
  typed: string
}

/**
 * A sentence in which every value counts as typed by somebody: `` line`${name} invites you.` ``. Whoever may choose a
 * name must not be able to write our mails with it: it is cut short, set apart from our words (also where it is written
 * from right to left), and holds no address that a mail program would turn into a link.
 */
export function line(words: TemplateStringsArray, ...values: (string | Address)[]): Line {
  return words.flatMap((word, index) => {
    const value = values[index]
    if (value === undefined) return word === '' ? [] : [word]
    return [word, { typed: typeof value === 'string' ? tame(value) : value.address }]
  })
}

interface Address {
  address: string
}

/** An email address as a value of `line`: shown as it is, to be copied. */
export function address(text: string): Address {
  return { address: text }
}

const longest = 80

/** One line of visible characters, with a gap of no width wherever a mail program would see a web address. */
function tame(text: string): string {
  // Control characters, and those that turn the direction of what follows.
  const visible = text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .replace(/\s+/gu, ' ')
    .trim()
  const short = [...visible].length > longest ? `${[...visible].slice(0, longest).join('')}…` : visible
  return short.replace(/(?<=[\p{L}\p{N}])([.:/@])(?=[\p{L}\p{N}/])/gu, '$1\u200b')
}

/** The sentence without markup; `isolate` sets what was typed apart by invisible marks (Unicode bidi isolates). */
export function plain(sentence: Line, { isolate = true } = {}): string {
  return sentence
    .map((part) => (typeof part === 'string' ? part : isolate ? `\u2068${part.typed}\u2069` : part.typed))
    .join('')
}

/** The sentence as HTML. */
export function markUp(sentence: Line): string {
  return sentence
    .map((part) => (typeof part === 'string' ? escapeHtml(part) : `<bdi>${escapeHtml(part.typed)}</bdi>`))
    .join('')
}

/** Text that is safe within an element and within a quoted attribute. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
