import type { FastifyRequest } from 'fastify'
import { expect, test } from 'vitest'
import type { Actor, Platform } from '../context.ts'
import { revokedChannel, whileGood } from './revocations.ts'

const actor = { kind: 'session', credentialId: 'one', userId: 'person', workspaceId: 'workspace' } as Actor
const request = { log: { debug: () => {} } } as unknown as FastifyRequest

function watch(looks: (Actor | null)[]) {
  let heard: (message: unknown) => void = () => {}
  let ended = 0
  const bus = {
    publish: () => {},
    subscribe: (_channel: string, listener: (message: unknown) => void) => {
      heard = listener
      return () => {}
    },
  }
  const end = () => {
    ended += 1
  }
  whileGood({ bus } as unknown as Platform, async () => looks.shift() ?? null, request, actor, end)
  return { revoke: (what: object) => heard(what), ended: () => ended }
}

test(`what was revoked on ${revokedChannel} before anyone watched ends the stream at once`, async () => {
  const { ended } = watch([null])
  await expect.poll(ended).toBe(1)
})

test('a credential that is good stays, whatever of others is revoked, and ends when it is good no more', async () => {
  const { revoke, ended } = watch([actor, actor, null])
  revoke({ credentialId: 'another' })
  revoke({ userId: 'person' })
  await new Promise((resolve) => setImmediate(resolve))
  expect(ended()).toBe(0)
  revoke({ credentialId: 'one' })
  await expect.poll(ended).toBe(1)
})
