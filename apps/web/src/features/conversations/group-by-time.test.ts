import type { Conversation } from '@parley/contract'
import { expect, test } from 'vitest'
import { groupByTime } from './group-by-time.ts'

const at = (time: Date): Conversation => ({
  id: time.toISOString(),
  title: '',
  activeLeafId: null,
  model: null,
  preset: null,
  version: 1,
  activeRunId: null,
  owner: null,
  shared: false,
  level: 'manage',
  createdAt: time.toISOString(),
  updatedAt: time.toISOString(),
})

test('names the past by calendar days of this place, also over the end of a month', () => {
  const now = new Date(2026, 2, 1, 0, 30)
  const times = [
    new Date(2026, 2, 1, 0, 5),
    new Date(2026, 1, 28, 23, 59),
    new Date(2026, 1, 28, 0, 0),
    new Date(2026, 1, 24, 12),
    new Date(2026, 1, 2, 12),
    new Date(2026, 0, 15, 12),
    new Date(2025, 0, 15, 12),
  ]
  const groups = groupByTime(times.map(at), now)
  expect(groups.map(({ title, conversations }) => [title, conversations.length])).toEqual([
    ['Today', 1],
    ['Yesterday', 2],
    ['Last 7 days', 1],
    ['Last 30 days', 1],
    ['January 2026', 1],
    ['January 2025', 1],
  ])
})
