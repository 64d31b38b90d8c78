import { expect, test } from 'vitest'
import { createLocalBus } from '../../platform/bus/index.ts'
import type { Actor, Platform } from '../../platform/context.ts'
import { revokedChannel } from '../../platform/http/index.ts'
import { credentialCache } from './credential-cache.ts'

const actor: Actor = {
  kind: 'session',
  credentialId: 'session-1',
  userId: 'user-1',
  workspaceId: 'workspace-1',
  role: 'member',
  scopes: new Set(),
}

function makeCache() {
  const bus = createLocalBus((error) => {
    throw error
  })
  // All that the cache takes from the platform.
  const cache = credentialCache({ bus, database: {} } as Platform)
  let loads = 0
  const load = async () => {
    loads++
    return { actor, goodUntil: null }
  }
  return { bus, cache, load, loads: () => loads }
}

test('a good credential is looked up once in five seconds', async () => {
  const { cache, load, loads } = makeCache()
  for (const now of [0, 1, 4_999]) expect(await cache.get('key', now, load)).toMatchObject({ actor })
  expect(loads()).toBe(1)
  await cache.get('key', 5_000, load)
  expect(loads()).toBe(2)
})

test('a bad credential is looked up every time', async () => {
  const { cache, load, loads } = makeCache()
  expect(await cache.get('key', 0, async () => undefined)).toBeUndefined()
  expect(await cache.get('key', 1, load)).toMatchObject({ actor })
  expect(loads()).toBe(1)
})

test.each([[{ credentialId: 'session-1' }], [{ userId: 'user-1' }], [{ workspaceId: 'workspace-1' }]])(
  'forgets at once what is revoked: %j',
  async (it) => {
    const { bus, cache, load, loads } = makeCache()
    await cache.get('key', 0, load)
    bus.publish(revokedChannel, { credentialId: 'session-2' })
    await cache.get('key', 1, load)
    expect(loads()).toBe(1)
    bus.publish(revokedChannel, it)
    await cache.get('key', 2, load)
    expect(loads()).toBe(2)
  },
)

test('does not keep what was read before a revocation', async () => {
  const { bus, cache, load, loads } = makeCache()
  await cache.get('key', 0, async () => {
    const read = await load()
    bus.publish(revokedChannel, { credentialId: 'session-1' })
    return read
  })
  expect(await cache.get('key', 1, async () => undefined)).toBeUndefined()
  expect(loads()).toBe(1)
})
