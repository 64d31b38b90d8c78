import type { Endpoint } from '@parley/contract'
import type { Actor, Platform } from '../../../platform/context.ts'
import { type NamedBucket, networkOf, rateOf } from '../../../platform/limits/index.ts'
import type { Limit } from './effective-limits.ts'

/** Keeps the pace: what may come from one network address. */
export function addressBucket({ config }: Platform, address: string): NamedBucket[] {
  const network = networkOf(address)
  return paceBucket('address', `address ${network}`, config.usage.perMinute.address, {
    about: 'requests from your network address',
    refusal: 'Too many requests come from your network address.',
  })
}

/** Keeps the pace of who acts: a person in all their windows together, each API key for itself. */
export function actorBuckets({ config }: Platform, actor: Actor, cost: Endpoint['cost']): NamedBucket[] {
  const { perMinute } = config.usage
  const isKey = actor.kind === 'api-key'
  const whose = isKey ? `key ${actor.credentialId}` : `person ${actor.userId}`
  const of = isKey ? 'of this API key' : 'of yours'
  const pace = paceBucket(isKey ? 'key' : 'person', whose, perMinute.person, {
    about: `requests ${of}`,
    refusal: `There are too many requests ${of}.`,
  })
  if (cost === undefined) return pace
  const expensive = paceBucket('expensive', `expensive ${whose}`, perMinute.expensive, {
    about: `expensive requests ${of}`,
    refusal: `There are too many expensive requests ${of}, such as messages and uploads.`,
  })
  return [...pace, ...expensive]
}

/** What a plan, or what is set in its place, allows an hour. */
export function messageBucket(limit: Limit, planName: string): NamedBucket {
  const { amount, burst, counter, setBy } = limit
  const { name, about } = wordsFor(limit)
  const whose = setBy === 'plan' ? `the plan ${planName} allows` : 'is set for this workspace'
  return {
    name,
    // With the rate: what was used at another one says nothing about this one.
    key: `messages ${counter} ${amount}/${burst}`,
    rate: rateOf(amount, 3600, burst),
    limit: burst,
    windowSeconds: Math.max(1, Math.round((3600 / amount) * burst)),
    about,
    refusal: `That is all that ${whose}: ${amount} an hour for ${about}.`,
  }
}

function paceBucket(
  name: string,
  key: string,
  perMinute: number,
  words: { about: string; refusal: string },
): NamedBucket[] {
  if (perMinute === 0) return []
  return [{ name, key, rate: rateOf(perMinute, 60), limit: perMinute, windowSeconds: 60, ...words }]
}

function wordsFor({ subject, counted }: Limit): { name: string; about: string } {
  switch (subject.kind) {
    case 'user':
      return { name: 'messages', about: 'your messages' }
    case 'key':
      return { name: 'messages-key', about: 'messages with this API key' }
    case 'group':
      return { name: 'messages-group', about: 'all messages of a group you are in' }
    case 'workspace':
      return { name: 'messages-workspace', about: 'all messages of the workspace' }
    case 'model':
      return counted === 'each'
        ? { name: 'messages-model', about: `your messages to ${subject.id}` }
        : { name: 'messages-model-workspace', about: `all messages of the workspace to ${subject.id}` }
  }
}
