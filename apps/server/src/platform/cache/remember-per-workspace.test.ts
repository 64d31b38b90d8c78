import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { makePlatform } from '../../testing/make-platform.ts'
import { type Ctx, inTransaction, type Platform } from '../context.ts'
import { newId } from '../crypto/index.ts'
import { rememberPerWorkspace } from './index.ts'

let platform: Platform
let drop: () => Promise<void>
let loads = 0
let stored = 'first'
let loading: Promise<void> = Promise.resolve()
const settings = rememberPerWorkspace('things', async () => {
  loads += 1
  const value = stored
  await loading
  return value
})

beforeAll(async () => {
  const made = await makePlatform([])
  platform = made.platform
  drop = made.drop
})
beforeEach(() => {
  loads = 0
  stored = 'first'
  loading = Promise.resolve()
})
afterAll(() => drop())

const inWorkspace = (workspaceId = newId()) => ({ ...platform, actor: { workspaceId } }) as unknown as Ctx

test('loads once for all who ask, and for each workspace apart', async () => {
  const ctx = inWorkspace()
  await Promise.all([settings.read(ctx), settings.read(ctx), settings.read(inWorkspace())])
  await settings.read(ctx)
  expect(loads).toBe(2)
})

test('a change is seen by whoever asks after it was committed, not before', async () => {
  const ctx = inWorkspace()
  await settings.read(ctx)
  await inTransaction(ctx, async (tx) => {
    stored = 'second'
    settings.changed(tx, ctx.actor.workspaceId)
    expect(await settings.read(ctx)).toBe('first')
    expect(await settings.read(tx)).toBe('second')
  })
  expect(await settings.read(ctx)).toBe('second')
})

test('a change that is rolled back is told to nobody', async () => {
  const ctx = inWorkspace()
  await settings.read(ctx)
  await inTransaction(ctx, async (tx) => {
    settings.changed(tx, ctx.actor.workspaceId)
    throw new Error('no')
  }).catch(() => undefined)
  await settings.read(ctx)
  expect(loads).toBe(1)
})

test('what was being loaded during a change is not kept', async () => {
  const ctx = inWorkspace()
  const slow = Promise.withResolvers<void>()
  loading = slow.promise
  const early = settings.read(ctx)
  stored = 'second'
  settings.changed(ctx, ctx.actor.workspaceId)
  const late = settings.read(ctx)
  slow.resolve()
  expect(await Promise.all([early, late])).toEqual(['first', 'second'])
  expect(await settings.read(ctx)).toBe('second')
})

test('a failure is told, and tried again by the next', async () => {
  const ctx = inWorkspace()
  loading = Promise.reject(new Error('away'))
  await expect(settings.read(ctx)).rejects.toThrow('away')
  loading = Promise.resolve()
  expect(await settings.read(ctx)).toBe('first')
})
