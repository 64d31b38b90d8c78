import fc from 'fast-check'
import { expect, test } from 'vitest'
import { centsOf } from './cents.ts'
import { daysOfMonth, followingMonth, precedingMonth, startOfMonth } from './months.ts'
import { type PlanChange, planDays } from './plan-days.ts'

const free = { planId: 'free', source: 'default' } as const
const pro = { planId: 'pro', source: 'operator' } as const
const change = (at: string, from: typeof free | typeof pro, to: typeof free | typeof pro): PlanChange => ({
  ...to,
  fromPlanId: from.planId,
  fromSource: from.source,
  at: new Date(at),
})
const long = new Date('2020-01-01T00:00:00Z')
const days = (changes: PlanChange[], now: typeof free | typeof pro, createdAt = long, zone = 'UTC') =>
  planDays('2026-02', zone, { createdAt, changes, now }).map(({ planId, days }) => [planId, days])

test('a day counts for the plan it ended on', () => {
  expect(days([], free)).toEqual([['free', 28]])
  expect(days([change('2026-02-11T09:00:00Z', free, pro)], pro)).toEqual([
    ['free', 10],
    ['pro', 18],
  ])
  const there = [change('2026-02-11T09:00:00Z', free, pro), change('2026-02-11T10:00:00Z', pro, free)]
  expect(days(there, free)).toEqual([['free', 28]])
})

test('changes before the month and after it leave the month whole', () => {
  expect(days([change('2026-01-31T23:59:00Z', free, pro)], pro)).toEqual([['pro', 28]])
  expect(days([change('2026-03-01T00:00:00Z', free, pro)], pro)).toEqual([['free', 28]])
  // The same instant, by a calendar where it is still the 28th.
  expect(days([change('2026-03-01T00:00:00Z', free, pro)], pro, long, 'America/New_York')).toEqual([
    ['free', 27],
    ['pro', 1],
  ])
})

test('a workspace pays from the day on that it exists', () => {
  expect(days([], pro, new Date('2026-02-20T15:00:00Z'))).toEqual([['pro', 9]])
  expect(days([], pro, new Date('2026-03-02T15:00:00Z'))).toEqual([])
})

test('the days of all plans are the days of the month, however often it changes', () => {
  const moment = fc.date({ min: new Date('2026-01-20'), max: new Date('2026-03-10'), noInvalidDate: true })
  fc.assert(
    fc.property(
      fc.array(fc.tuple(moment, fc.constantFrom('free', 'pro', 'enterprise')), { maxLength: 12 }),
      (moves) => {
        moves.sort(([one], [other]) => one.getTime() - other.getTime())
        let last = 'free'
        const changes = moves.map(([at, planId]): PlanChange => {
          const made = { planId, source: 'operator', fromPlanId: last, fromSource: 'operator', at } as const
          last = planId
          return made
        })
        const held = planDays('2026-02', 'Europe/Berlin', {
          createdAt: long,
          changes,
          now: { planId: last, source: 'operator' },
        })
        expect(held.reduce((sum, one) => sum + one.days, 0)).toBe(28)
      },
    ),
  )
})

test('months follow one another, over the end of a year and through leap years', () => {
  expect([followingMonth('2026-12'), precedingMonth('2027-01'), followingMonth('2026-01')]).toEqual([
    '2027-01',
    '2026-12',
    '2026-02',
  ])
  expect([daysOfMonth('2028-02').length, daysOfMonth('2026-12').at(-1)]).toEqual([29, '2026-12-31'])
  expect(startOfMonth('2026-11', 'Asia/Tokyo').toISOString()).toBe('2026-10-31T15:00:00.000Z')
})

test('amounts are whole cents, half a cent rounded up, and exact however large', () => {
  expect(centsOf(4_999)).toBe(0)
  expect(centsOf(5_000)).toBe(10_000)
  expect(centsOf(20_000_000, 18, 28)).toBe(12_860_000)
  expect(centsOf(1_000_000_000_000, 31 * 5_000, 31)).toBe(5_000_000_000_000_000)
  expect(centsOf(1_234_567, 120, 100)).toBe(1_480_000)
})
