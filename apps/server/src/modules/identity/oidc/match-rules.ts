import type { ClaimRule } from '@parley/contract'

/**
 * The claim at a path. A claim whose whole name is the path comes first, since names may hold dots
 * (`https://example.com/groups`).
 */
export function claimAt(claims: Record<string, unknown>, path: string): unknown {
  if (Object.hasOwn(claims, path)) return claims[path]
  let value: unknown = claims
  for (const step of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined
    value = (value as Record<string, unknown>)[step]
  }
  return value
}

/** Whether someone with these claims is one whom the rule names. */
export function matches(rule: Pick<ClaimRule, 'claim' | 'value'>, claims: Record<string, unknown>): boolean {
  const found = claimAt(claims, rule.claim)
  const values = (Array.isArray(found) ? found : [found]).filter((value) =>
    ['string', 'number', 'boolean'].includes(typeof value),
  )
  if (rule.value === '*') return values.length > 0
  return values.some((value) => String(value) === rule.value)
}

/** What the rules that name this person give: roles, by id or built-in name, and groups. */
export function givenBy(
  rules: readonly ClaimRule[],
  claims: Record<string, unknown>,
): { roles: string[]; groupIds: string[] } {
  const fitting = rules.filter((rule) => matches(rule, claims))
  return {
    roles: fitting.flatMap(({ role }) => role ?? []),
    groupIds: fitting.flatMap(({ groupId }) => groupId ?? []),
  }
}
