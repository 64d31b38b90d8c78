/** A limit as headers tell it. */
interface Told {
  name: string
  /** At most so many within `windowSeconds`. */
  limit: number
  windowSeconds: number
  remaining: number
  /** Until there is one more. */
  oneMoreAfterSeconds: number
}

/**
 * `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers, lists of RFC 9651): `q` may come within `w`
 * seconds; no more than `r` of them within the next `t`.
 */
export function limitHeaders(limits: readonly Told[]): Record<string, string> {
  if (limits.length === 0) return {}
  return {
    'ratelimit-policy': limits
      .map(({ name, limit, windowSeconds }) => `"${name}";q=${limit};w=${windowSeconds}`)
      .join(', '),
    ratelimit: limits
      .map(({ name, remaining, oneMoreAfterSeconds }) => `"${name}";r=${remaining};t=${oneMoreAfterSeconds}`)
      .join(', '),
  }
}
