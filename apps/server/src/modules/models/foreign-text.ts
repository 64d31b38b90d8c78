/** Who wrote a text that no person here wrote. */
export type Foreign = 'tool' | 'file' | 'web'

/*
 * Characters that are drawn as nothing, or that change the order in which others are drawn: soft hyphens, fillers, zero
 * width spaces, bidirectional controls, annotations, tags (U+E0000), and variation selectors but the two that emoji take.
 */
const invisible =
  /\u034F|[\u17B4\u17B5]|[\u180B-\u180F]|[\uFE00-\uFE0D]|[\u00AD\u061C\u115F\u1160\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\u3164\uFEFF\uFFA0\uFFF0-\uFFFB\u{1BCA0}-\u{1BCA3}]|[\u{1D173}-\u{1D17A}]|[\u{E0000}-\u{E0FFF}]/gu

/** What terminals take as orders, such as "write in the colour of the background" (ECMA-48), and other controls. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const terminalOrders = /\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[ -/]*[0-~])/g
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const controls = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]/g

/**
 * Text without what no reader sees: a person who looks at it, and a model that is given it, read the same. Joiners stay
 * where languages and emoji need them: alone, between two characters beyond ASCII.
 */
export function withoutInvisible(text: string): string {
  return (
    text
      .replace(terminalOrders, '')
      .replace(controls, '')
      .replace(/[\u2028\u2029]/g, '\n')
      .replace(invisible, '')
      .replace(/[\u200C\u200D]{2,}|(?<![\u0080-\u{10FFFF}])[\u200C\u200D]|[\u200C\u200D](?![\u0080-\u{10FFFF}])/gu, '')
      // An emoji's selector follows one character; keycaps are the ASCII ones.
      .replace(/[\uFE0E\uFE0F]{2,}|(?<![\u0080-\u{10FFFF}#*0-9])[\uFE0E\uFE0F]/gu, '')
  )
}

/**
 * Foreign text as a model is told it: without invisible characters, and with a mark at what a page or a document keeps
 * from its readers (comments, hidden elements). The marked text stays: a person may have asked for just that.
 */
export function asReadersSee(text: string): string {
  return withoutInvisible(text)
    .replace(/<!--([\s\S]*?)(?:-->|$)/g, '[comment, not shown to readers:$1]')
    .replace(/^\[(?:\/\/|comment)[^\]\n]{0,40}\]:[ \t]*(?:#|<>)[ \t]*(.*)$/gim, '[comment, not shown to readers: $1]')
    .replace(/<[a-z][^<>]{0,2000}>/gi, (tag) =>
      isHidden(tag) ? `[the next element is not shown to readers] ${tag}` : tag,
    )
}

const hidingStyle =
  /(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|opacity\s*:\s*0(?![.\d]*[1-9])|(?:font-size|max-height|height|max-width|width)\s*:\s*[01](?:px|pt|em|rem|%)?\s*(?:[;"'!]|$)|(?:^|[^-])color\s*:\s*(?:transparent|white|#fff(?:fff)?\b|rgba\([^)]*,\s*0\s*\))|(?:left|top|text-indent)\s*:\s*-\d{3,}|clip(?:-path)?\s*:\s*(?:rect\(0|inset\((?:50|100)%))/i

function isHidden(tag: string): boolean {
  const style = /\sstyle\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)/i.exec(tag)?.[1] ?? ''
  return (
    hidingStyle.test(style) ||
    /^<(?:template|noscript)\b/i.test(tag) ||
    /\shidden(?=[\s=/>])/i.test(tag) ||
    /\stype\s*=\s*["']?hidden\b/i.test(tag) ||
    /\sclass\s*=\s*["'][^"']*\b(?:sr-only|visually-hidden|screen-reader-text)\b/i.test(tag)
  )
}

/**
 * Foreign text between two lines that say where it is from, and that it cannot write itself: `id` has to be one that
 * whoever wrote the text cannot know. What looks like such a line in the text is broken.
 */
export function fence(text: string, { id, origin, from }: { id: string; origin: Foreign; from: string }): string {
  const readable = asReadersSee(text).replace(/<(?=\s{0,20}\/?\s{0,20}untrusted)/gi, '&lt;')
  const name = withoutInvisible(from)
    .replace(/["<>&\s]+/g, ' ')
    .trim()
    .slice(0, 200)
  return `<untrusted id="${id}" origin="${origin}" from="${name}">\n${readable}\n</untrusted id="${id}">`
}

const fenced = /<untrusted id="([\w-]+)"[^<>\n]*>\n([\s\S]*?)\n<\/untrusted id="\1">/g

/** What is between the lines of fences, for who shows a prompt to a person; the rest as it is. */
export function unfenced(text: string): string {
  return text.replace(fenced, '$2')
}

/** The text without what is fenced in it. */
export function withoutFenced(text: string): string {
  return text.replace(fenced, '')
}
