const secretKey =
  /^(authorization|cookie|set-?cookie|password|passwd|secret|secrets|key|(.*[-_])?(api-?_?key|token)|apiKey|.*(Token|Password|Secret|ApiKey|PrivateKey))$/i
const mask = '[redacted]'
const deepest = 8

/** A copy in which the value of every field whose name says secret is masked, however deep it is. */
export function redactFields(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Error) return value
  if (depth >= deepest) return '[too deep]'
  if (Array.isArray(value)) return value.map((item) => redactFields(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => [
      key,
      secretKey.test(key) && field != null ? mask : redactFields(field, depth + 1),
    ]),
  )
}

const patterns: [RegExp, string][] = [
  [/\bmcps?_[0-9A-Za-z]{20,}/g, mask],
  [/\b(Bearer|Basic) +[\w.~+/=-]{8,}/gi, `$1 ${mask}`],
  [/\bsk-[\w-]{12,}/g, mask],
  [/\beyJ[\w-]{10,}\.[\w-]+\.[\w-]+/g, mask],
  [/(:\/\/[^\s:/@"]*):[^\s/@"]+@/g, `$1:${mask}@`],
]

/** Masks in a finished line what looks like a credential, and the secrets this server was started with. */
export function lineRedactor(secrets: readonly (string | undefined)[]): (line: string) => string {
  // As JSON spells them, and none so short that masking it would spoil ordinary words.
  const known = secrets
    .filter((secret) => secret !== undefined && secret.length >= 6)
    .map((secret) => JSON.stringify(secret).slice(1, -1))
  return (line) => {
    let clean = line
    for (const secret of known) clean = clean.replaceAll(secret, mask)
    for (const [pattern, replacement] of patterns) clean = clean.replace(pattern, replacement)
    return clean
  }
}
