/**
 * The rules by which Mozilla's HTTP Observatory grades a site (its published scoring, version of 2026): what of it can be
 * told from one answer over HTTPS. What it can not (whether the site is on browsers' preload lists) counts nothing.
 */
export interface Graded {
  score: number
  grade: string
  /** What each rule found, and what it is worth. */
  found: Record<string, readonly [result: string, points: number]>
}

const grades: [number, string][] = [
  [100, 'A+'],
  [90, 'A'],
  [85, 'A-'],
  [80, 'B+'],
  [70, 'B'],
  [65, 'B-'],
  [60, 'C+'],
  [50, 'C'],
  [45, 'C-'],
  [40, 'D+'],
  [30, 'D'],
  [25, 'D-'],
]
const extraCreditFrom = 90

/** Grades an answer; `html`: its text, where it is a page. Extra points count only where 90 are reached without them. */
export function gradeByObservatory(headers: Headers, html?: string): Graded {
  const found = {
    'content-security-policy': contentSecurityPolicy(headers),
    cookies: cookies(headers),
    'cross-origin-resource-sharing': crossOriginSharing(headers),
    'referrer-policy': referrerPolicy(headers),
    'strict-transport-security': strictTransport(headers),
    'subresource-integrity': subresourceIntegrity(html),
    'x-content-type-options':
      headers.get('x-content-type-options')?.trim().toLowerCase() === 'nosniff'
        ? (['nosniff', 0] as const)
        : (['missing', -5] as const),
    'x-frame-options': framing(headers),
    'cross-origin-resource-policy': resourcePolicy(headers),
  }
  const points = Object.values(found).map(([, each]) => each)
  const without = 100 + sum(points.filter((each) => each < 0))
  const score = without >= extraCreditFrom ? without + sum(points.filter((each) => each > 0)) : without
  const rounded = Math.max(0, score - (score % 5))
  return { score, grade: grades.find(([from]) => rounded >= from)?.[1] ?? 'F', found }
}

const broad = new Set(['ftp:', 'http:', 'https:', '*', 'http://*', 'http://*.*', 'https://*', 'https://*.*'])
const isBroadOrInline = (source: string) => broad.has(source) || source === "'unsafe-inline'" || source === 'data:'
const isNonceOrHash = (source: string) => /^'(sha256|sha384|sha512|nonce)-/.test(source)

function policyOf(headers: Headers): Map<string, string[]> | undefined {
  const text = headers.get('content-security-policy')
  if (text === null) return undefined
  const directives = new Map<string, string[]>()
  for (const part of text.split(';')) {
    const [name, ...sources] = part.trim().split(/\s+/)
    if (name && !directives.has(name.toLowerCase())) directives.set(name.toLowerCase(), sources)
  }
  return directives
}

function contentSecurityPolicy(headers: Headers): readonly [string, number] {
  const policy = policyOf(headers)
  if (policy === undefined || policy.size === 0) return ['not implemented', -25]
  const of = (name: string) => policy.get(name) ?? policy.get('default-src') ?? ['*']
  const scripts = withoutOverridden(of('script-src'))
  const styles = withoutOverridden(of('style-src'))
  if (of('script-src').includes("'strict-dynamic'") && !scripts.some(isNonceOrHash)) return ['invalid', -25]
  if (scripts.some(isBroadOrInline) || of('object-src').some((source) => broad.has(source))) {
    return ['unsafe inline or broad', -20]
  }
  const passive = ['img-src', 'media-src']
  const active = [...policy]
    .filter(([name]) => !passive.includes(name) && name !== 'script-src')
    .flatMap(([, all]) => all)
  if ([...active, ...scripts].some((source) => /^(http|ftp):/.test(source))) return ['insecure scheme', -20]
  if ([...scripts, ...styles].includes("'unsafe-eval'")) return ['unsafe eval', -10]
  if (passive.flatMap(of).some((source) => /^(http|ftp):/.test(source))) return ['insecure passive scheme', -10]
  if (styles.some(isBroadOrInline)) return ['unsafe inline styles', 0]
  const none = policy.get('default-src')?.join() === "'none'"
  return none ? ["no unsafe, default-src 'none'", 10] : ['no unsafe', 5]
}

/** What browsers pass over beside a nonce, and beside `strict-dynamic`, is as good as not there. */
function withoutOverridden(sources: string[]): string[] {
  if (!sources.some(isNonceOrHash)) return sources
  const isDynamic = sources.includes("'strict-dynamic'")
  return sources.filter((source) => {
    if (source === "'unsafe-inline'") return false
    return !isDynamic || !(source === "'self'" || [...broad].some((each) => source.startsWith(each)))
  })
}

function cookies(headers: Headers): readonly [string, number] {
  const all = headers.getSetCookie()
  if (all.length === 0) return ['none', 0]
  const safe = strictTransport(headers)[1] === 0
  const worst = all.map((line): readonly [string, number] => {
    const [pair = '', ...attributes] = line.split(';').map((part) => part.trim())
    const has = (name: string) => attributes.some((each) => each.toLowerCase().split('=')[0] === name)
    const sameSite = attributes
      .find((each) => /^samesite/i.test(each))
      ?.split('=')[1]
      ?.toLowerCase()
    const isSession = /login|sess/i.test(pair.split('=')[0] ?? '')
    if (has('samesite') && !['lax', 'strict', 'none'].includes(sameSite ?? '')) return ['SameSite invalid', -20]
    if (isSession && !has('secure')) return ['session without Secure', safe ? -10 : -40]
    if (isSession && !has('httponly')) return ['session without HttpOnly', -30]
    if (!has('secure')) return ['without Secure', safe ? -5 : -20]
    return sameSite === undefined ? ['without SameSite', 0] : ['Secure, HttpOnly, SameSite', 5]
  })
  return worst.reduce((least, each) => (each[1] < least[1] ? each : least))
}

function crossOriginSharing(headers: Headers): readonly [string, number] {
  const allowed = headers.get('access-control-allow-origin')
  if (allowed === null) return ['none', 0]
  const credentials = headers.get('access-control-allow-credentials') === 'true'
  return credentials && allowed !== '*' ? ['whoever asks, with credentials', -50] : ['restricted', 0]
}

const privatePolicies = ['no-referrer', 'same-origin', 'strict-origin', 'strict-origin-when-cross-origin']
const unsafePolicies = ['origin', 'origin-when-cross-origin', 'unsafe-url', 'no-referrer-when-downgrade']

function referrerPolicy(headers: Headers): readonly [string, number] {
  const text = headers.get('referrer-policy')
  if (text === null) return ['not implemented', 0]
  const last = text
    .split(',')
    .map((part) => part.trim().toLowerCase())
    .findLast((part) => [...privatePolicies, ...unsafePolicies].includes(part))
  if (last === undefined) return ['invalid', -5]
  return privatePolicies.includes(last) ? ['private', 5] : ['unsafe', -5]
}

const sixMonthsSeconds = 15_768_000

function strictTransport(headers: Headers): readonly [string, number] {
  const text = headers.get('strict-transport-security')
  if (text === null) return ['not implemented', -20]
  const seconds = /(?:^|;)\s*max-age="?(\d+)"?/i.exec(text)?.[1]
  if (seconds === undefined) return ['invalid', -20]
  return Number(seconds) >= sixMonthsSeconds ? ['six months or more', 0] : ['less than six months', -10]
}

function subresourceIntegrity(html: string | undefined): readonly [string, number] {
  const scripts = html?.match(/<script\b[^>]*\bsrc=[^>]*>/gi) ?? []
  const foreign = scripts.filter((tag) => /\bsrc=["']?(https?:)?\/\//i.test(tag))
  if (foreign.length === 0) return ['none from elsewhere', 0]
  return foreign.every((tag) => /\bsrc=["']?https:/i.test(tag)) ? ['from elsewhere', -5] : ['not over HTTPS', -50]
}

function framing(headers: Headers): readonly [string, number] {
  const ancestors = policyOf(headers)?.get('frame-ancestors')
  if (ancestors !== undefined && !ancestors.some((source) => broad.has(source))) return ['by frame-ancestors', 5]
  const text = headers.get('x-frame-options')?.toUpperCase()
  return text === 'DENY' || text === 'SAMEORIGIN' ? ['by X-Frame-Options', 0] : ['not implemented', -20]
}

function resourcePolicy(headers: Headers): readonly [string, number] {
  const text = headers.get('cross-origin-resource-policy')?.trim()
  if (text === undefined) return ['not implemented', 0]
  if (text === 'same-origin' || text === 'same-site') return [text, 10]
  return text === 'cross-origin' ? [text, 0] : ['invalid', -5]
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}
