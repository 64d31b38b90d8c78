import type { SafeLink } from './safe-url.ts'

/** Something that a reader would take for the address of a site: `example.com`, `https://example.com`. */
const address =
  /(?:https?:\/\/)?((?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+[\p{L}]{2,}|xn--[\w.-]+)(?::\d+)?/giu

/** Letters and symbols that are drawn as nothing: Hangul's fillers, the empty cell of Braille. */
const blanks = /[\u115F\u1160\u2800\u3164\uFFA0]/g

/**
 * The host to show beside a link, if its text does not say where it leads: where the text is of someone outside, has
 * nothing to read, or names another site than the one it leads to (in other letters, too: hosts are shown as `xn--…`).
 */
export function hostToShow(link: SafeLink, text: string, fromOutside: boolean): string | undefined {
  if (link.host === '') return undefined
  const named = [...text.toLowerCase().matchAll(address)].map(([, host]) => host)
  const real = link.host
    .toLowerCase()
    .replace(/^www\./, '')
    .replace(/:\d+$/, '')
  if (named.length > 0) return named.every((host) => host?.replace(/^www\./, '') === real) ? undefined : link.host
  return fromOutside || !/[\p{L}\p{N}\p{S}]/u.test(text.replace(blanks, '')) ? link.host : undefined
}
