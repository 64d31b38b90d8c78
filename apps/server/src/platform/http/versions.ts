import type { FastifyRequest } from 'fastify'
import { AppError } from '../errors.ts'

/**
 * The version in the `If-Match` header, which holds the ETag of what is to be changed: `"7"`. Undefined: any.
 * @throws AppError invalid_request
 */
export function versionAskedFor(request: FastifyRequest): number | undefined {
  const ifMatch = request.headers['if-match']
  if (ifMatch === undefined || ifMatch === '*') return undefined
  const version = /^(?:W\/)?"(\d+)"$/.exec(ifMatch)?.[1]
  if (version === undefined) {
    throw new AppError('invalid_request', 'If-Match has to be the ETag of what is changed: its version in quotes.')
  }
  return Number(version)
}

/** @throws AppError version_conflict where a change was made for another version than the one there is */
export function requireVersion(what: string, version: number, askedFor: number | undefined): void {
  if (askedFor === undefined || askedFor === version) return
  throw new AppError(
    'version_conflict',
    `The ${what} is at version ${version}, the change was made for version ${askedFor}. Load it again and repeat the change.`,
  )
}
