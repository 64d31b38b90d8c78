import { createHmac } from 'node:crypto'
import type { PrivateKind } from '@parley/contract'
import { type Platform, perServer } from '../../platform/context.ts'
import { Placeholders } from './placeholders.ts'

export { findPrivate } from './find-private.ts'
export { migrations } from './migrations.ts'
export type { Placeholders, Restorer } from './placeholders.ts'
export { mountPrivacy } from './routes.ts'
export { countFindings, privacyMode } from './store.ts'

const keyOf = perServer((platform) => platform.keyring.derive('privacy-placeholders'))

/** Placeholders of one conversation: elsewhere the same value has another. */
export function placeholdersFor(platform: Platform, conversationId: string): Placeholders {
  const key = keyOf(platform)
  return new Placeholders((kind, value) =>
    createHmac('sha256', key).update(`${conversationId} ${kind} ${value}`).digest('hex').slice(0, 6),
  )
}

const names: Record<PrivateKind, string> = {
  email: 'an email address',
  phone: 'a phone number',
  card: 'a card number',
  iban: 'a bank account',
  'national-id': 'a national id',
  'ip-address': 'an IP address',
  secret: 'a password or key',
}

/** `a card number and an email address` */
export function nameKinds(kinds: Iterable<PrivateKind>): string {
  const all = [...new Set(kinds)].sort().map((kind) => names[kind])
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`
}
