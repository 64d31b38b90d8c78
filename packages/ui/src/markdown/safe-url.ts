// A base that no link can name, to tell links inside this site from those that leave it.
const here = new URL('https://this-site.invalid/')

/** Where a link may lead. */
export interface SafeLink {
  href: string
  external: boolean
  /** The other site, or the mail address; empty inside this site. */
  host: string
}

/**
 * The link as a browser would read it, if it may be followed: http(s), mailto, or inside this site. Everything else
 * (javascript:, data:, vbscript:, file:, unknown schemes, unreadable addresses) is refused.
 */
export function safeLink(address: string): SafeLink | undefined {
  const url = readUrl(address)
  if (!url) return undefined
  if (url.protocol === 'mailto:') return { href: url.href, external: false, host: url.pathname }
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined
  if (url.origin !== here.origin) return { href: url.href, external: true, host: url.host }
  // `/a/..//host` comes out as `//host`, which would be another site.
  const path = url.pathname.replace(/^\/+/, '/') + url.search + url.hash
  // A link to a place on the page, or relative to it, has to stay relative.
  const relative = /^[#?]/.test(clean(address)) ? url.search + url.hash : path
  return { href: relative, external: false, host: '' }
}

/** The address of an image that loads from nowhere but this server: a path under `/api/`, or pixels in the address itself. */
export function safeImage(address: string): string | undefined {
  if (/^data:image\/(png|jpeg|gif|webp)(;base64)?,/i.test(address)) return address
  const url = readUrl(address)
  if (!url || url.origin !== here.origin || !url.pathname.startsWith('/api/')) return undefined
  return url.pathname + url.search
}

function readUrl(address: string): URL | undefined {
  const text = clean(address)
  const absolute = /^[a-z][a-z0-9+.-]*:/i.test(text)
  const url = absolute ? URL.parse(text) : URL.parse(text, here)
  if (!url || (url.origin === here.origin && absolute) || url.username || url.password) return undefined
  return url
}

/** Browsers drop line ends and tabs anywhere, and control characters and spaces at the ends. */
function clean(address: string): string {
  return (
    address
      .replace(/[\t\n\r]/g, '')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed.
      .replace(/^[\u0000-\u0020]+|[\u0000-\u0020]+$/g, '')
  )
}
