import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrations } from '../../migrations.ts'
import type { Ctx } from '../../platform/context.ts'
import { newId } from '../../platform/crypto/index.ts'
import { makePlatform } from '../../testing/make-platform.ts'
import { recordCall } from './index.ts'

let made: Awaited<ReturnType<typeof makePlatform>>

beforeAll(async () => {
  made = await makePlatform(migrations)
})
afterAll(() => made?.drop())

test('a call is booked in whole numbers, with or without a price', async () => {
  const { platform } = made
  const [workspaceId, userId, runId] = [newId(), newId(), newId()]
  const now = new Date()
  await platform.db.insertInto('workspaces').values({ id: workspaceId, name: 'Team', createdAt: now }).execute()
  const ctx = { ...platform, actor: { workspaceId, userId } } as Ctx
  const call = {
    runId,
    conversationId: newId(),
    messageId: newId(),
    provider: 'openai',
    model: 'openai/gpt-4o',
    tokens: { input: 100, cachedInput: 40, output: 7, reasoning: 3 },
    latencyMs: 1200,
    firstTokenMs: 80,
    outcome: 'finished' as const,
  }
  await recordCall(ctx, { ...call, costMicroUsd: 3_000_000_000 })
  await recordCall(ctx, { ...call, costMicroUsd: null, firstTokenMs: null, outcome: 'failed' })
  const entries = await platform.db.selectFrom('usageEntries').selectAll().orderBy('id').execute()
  expect(entries).toMatchObject([
    {
      costMicroUsd: 3_000_000_000,
      workspaceId,
      userId,
      runId,
      inputTokens: 100,
      cachedInputTokens: 40,
      outputTokens: 7,
      reasoningTokens: 3,
    },
    { costMicroUsd: null, firstTokenMs: null, outcome: 'failed' },
  ])
})
