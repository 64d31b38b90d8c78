import { type KeyResources, resourceKinds, type Scope } from '@parley/contract'
import type { Ctx } from '../../../platform/context.ts'
import { AppError } from '../../../platform/errors.ts'
import { commonScopes } from '../access.ts'
import { isCovered, normalNetwork } from './allowed-addresses.ts'
import type { StoredSigning } from './signing.ts'
import { getKey } from './store.ts'

/** All that a key allows, and what it asks for. */
export interface Grant {
  scopes: Scope[]
  resources: KeyResources
  allowedAddresses: string[]
  signing: Pick<StoredSigning, 'algorithm'> | null
  expiresAt: Date | null
}

/**
 * Nobody gets more by making, changing or rotating a key than they have. `possible` is what whom the key is of may do: a
 * key allows no more than that. Where a key is used to do it, its own limits hold for the other key too.
 * @throws AppError forbidden
 */
export async function requireNoWider(ctx: Ctx, grant: Grant, possible: ReadonlySet<Scope>): Promise<void> {
  const { actor } = ctx
  const beyond = commonScopes(grant.scopes, possible).find((scope) => !actor.scopes.has(scope))
  if (beyond !== undefined) throw wider(`it may do ${beyond}, which you may not`)
  if (actor.kind !== 'api-key') return
  const own = await getKey(ctx.db, actor.credentialId)
  if (!isWithin(grant.resources, own.resources))
    throw wider('it reaches more models, MCP servers, conversations or presets')
  if (own.allowedAddresses.length > 0) {
    const { allowedAddresses } = grant
    const covered = allowedAddresses.every((network) => isCovered(network, own.allowedAddresses))
    if (allowedAddresses.length === 0 || !covered) throw wider('it may be used from more addresses')
  }
  if (own.signing !== null && grant.signing === null) throw wider('its requests need not be signed')
  if (own.expiresAt !== null && (grant.expiresAt === null || grant.expiresAt > own.expiresAt)) {
    throw wider('it lives longer')
  }
}

/** What is limited in `outer` is limited at least as much in `inner`. */
function isWithin(inner: KeyResources, outer: KeyResources): boolean {
  return resourceKinds.every((kind) => {
    const allowed = outer[kind]
    if (allowed === undefined) return true
    const wanted = inner[kind]
    return wanted?.every((id) => isAmong(id, allowed)) === true
  })
}

/** A tool is within its whole server, too. */
export function isAmong(id: string, allowed: readonly string[]): boolean {
  return allowed.includes(id) || (id.includes('/') && allowed.includes(id.slice(0, id.indexOf('/'))))
}

/**
 * Addresses and networks as they are stored.
 * @throws AppError invalid_request that points at those that are none
 */
export function readAddresses(texts: string[]): string[] {
  const networks = texts.map(normalNetwork)
  const fields = networks.flatMap((network, index) =>
    network === undefined
      ? [{ pointer: `/allowedAddresses/${index}`, message: 'Is not an address or network, such as 10.0.0.0/8.' }]
      : [],
  )
  if (fields.length > 0) {
    const wrong = texts.filter((_, index) => networks[index] === undefined).join(', ')
    throw new AppError('invalid_request', `This is not an address or network: ${wrong}.`, { fields })
  }
  return [...new Set(networks as string[])]
}

/** @throws AppError invalid_request for a time that has passed */
export function readExpiry(ctx: Ctx, text: string): Date {
  const expiresAt = new Date(text)
  if (expiresAt > ctx.clock.now()) return expiresAt
  throw new AppError('invalid_request', 'The key would have expired already. Choose a time to come.', {
    fields: [{ pointer: '/expiresAt', message: 'Is in the past.' }],
  })
}

function wider(how: string): AppError {
  return new AppError('forbidden', `The key would be wider than what you use to make it: ${how}.`)
}
