import { ScimError } from './scim-error.ts'

/** Refuses a change to another version than the one the caller has seen (RFC 7644, section 3.14). */
export function requireMatch(resource: Record<string, unknown>, ifMatch: string | undefined): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return
  if (hasVersion(ifMatch, versionOf(resource))) return
  throw new ScimError(412, undefined, 'The resource has changed meanwhile. Read it again, and repeat.')
}

/** Whether the caller has this version already. */
export function isKnown(resource: Record<string, unknown>, ifNoneMatch: string | undefined): boolean {
  if (ifNoneMatch === undefined) return false
  return ifNoneMatch.trim() === '*' || hasVersion(ifNoneMatch, versionOf(resource))
}

export function versionOf(resource: Record<string, unknown>): string {
  return String((resource.meta as { version?: unknown }).version)
}

/** Weak or not makes no difference: what is compared is a digest. */
function hasVersion(header: string, version: string): boolean {
  const bare = (tag: string) => tag.trim().replace(/^W\//, '')
  return header.split(',').some((tag) => bare(tag) === bare(version))
}
