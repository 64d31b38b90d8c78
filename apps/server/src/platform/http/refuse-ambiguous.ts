import type { FastifyRequest } from 'fastify'
import { AppError } from '../errors.ts'

const longestAddress = 8 * 1024
const mostParameters = 100

/** Headers that say one thing: sent twice, a proxy may have acted on the one and we on the other. */
const single = new Set([
  'authorization',
  'content-digest',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'host',
  'idempotency-key',
  'if-match',
  'last-event-id',
  'origin',
  'parley-client',
  'parley-workspace',
  'sec-fetch-site',
  'transfer-encoding',
])

/**
 * Refuses what no client sends in earnest before anything is looked up: an address that is too long, too many query
 * parameters, and a header twice that may be there once.
 * @throws AppError invalid_request
 */
export function refuseAmbiguous({ raw: { url = '', rawHeaders } }: FastifyRequest): void {
  if (url.length > longestAddress) throw new AppError('invalid_request', 'The address is too long.')
  if (hasMany(url)) throw new AppError('invalid_request', `There are more than ${mostParameters} query parameters.`)
  const seen = new Set<string>()
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase()
    if (!single.has(name)) continue
    if (seen.has(name)) throw new AppError('invalid_request', `The header ${name} was sent more than once.`)
    seen.add(name)
  }
}

function hasMany(url: string): boolean {
  let count = 0
  for (let at = url.indexOf('&'); at !== -1; at = url.indexOf('&', at + 1)) count += 1
  return count >= mostParameters
}
