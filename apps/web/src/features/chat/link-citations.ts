import type { SourcePart } from '@parley/contract'

/**
 * Makes `[1]` in a Markdown text a link to the source of that number; code and real links are left alone. The brackets are
 * written as entities: a backslash before them would begin a formula.
 */
export function linkCitations(text: string, sources: readonly SourcePart[]): string {
  if (sources.length === 0) return text
  const urls = new Map(sources.map((source) => [source.number, source.url]))
  return text.replace(
    /(```[\s\S]*?(?:```|$)|`[^`\n]*`)|(?<!\])\[(\d{1,3})\](?![([:])/g,
    (all, code: string | undefined, number: string | undefined) => {
      const url = number === undefined ? undefined : urls.get(Number(number))
      return code !== undefined || url === undefined
        ? all
        : `[&#91;${number}&#93;](<${url.replace(/[<>\s]/g, encodeURIComponent)}>)`
    },
  )
}
