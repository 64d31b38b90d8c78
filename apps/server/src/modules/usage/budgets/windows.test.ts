import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addDays, dateAt, isTimeZone, startOfDay, windowAt } from './windows.ts'

const at = (text: string) => new Date(text)
const span = (now: string, zone: string, kind: 'day' | 'month') => {
  const { label, startsAt, resetsAt } = windowAt(at(now), zone, kind)
  return [label, startsAt.toISOString(), resetsAt.toISOString()]
}

describe('a window begins at midnight where the workspace is', () => {
  test('on a plain day, and in a month over the end of the year', () => {
    expect(span('2026-11-25T22:59:59.999Z', 'Europe/Berlin', 'day')).toEqual([
      '2026-11-25',
      '2026-11-24T23:00:00.000Z',
      '2026-11-25T23:00:00.000Z',
    ])
    expect(span('2026-11-25T23:00:00Z', 'Europe/Berlin', 'day')[0]).toBe('2026-11-26')
    expect(span('2026-12-31T23:30:00Z', 'Asia/Kolkata', 'month')).toEqual([
      '2027-01',
      '2026-12-31T18:30:00.000Z',
      '2027-01-31T18:30:00.000Z',
    ])
  })

  test('a day has 23 hours when clocks go forward, and 25 when they go back', () => {
    expect(span('2026-03-29T12:00:00Z', 'Europe/Berlin', 'day').slice(1)).toEqual([
      '2026-03-28T23:00:00.000Z',
      '2026-03-29T22:00:00.000Z',
    ])
    expect(span('2026-10-25T12:00:00Z', 'Europe/Berlin', 'day').slice(1)).toEqual([
      '2026-10-24T22:00:00.000Z',
      '2026-10-25T23:00:00.000Z',
    ])
    expect(span('2026-11-15T12:00:00Z', 'America/New_York', 'month').slice(1)).toEqual([
      '2026-11-01T04:00:00.000Z',
      '2026-12-01T05:00:00.000Z',
    ])
  })

  test('where there is no midnight, the day begins at one; where the hour before comes twice, after the second', () => {
    // Cairo, 2026-04-24: clocks go from 00:00 to 01:00. 2026-10-30: from 24:00 back to 23:00.
    expect(startOfDay('2026-04-24', 'Africa/Cairo').toISOString()).toBe('2026-04-23T22:00:00.000Z')
    expect(dateAt(at('2026-04-23T21:59:59.999Z'), 'Africa/Cairo')).toBe('2026-04-23')
    expect(startOfDay('2026-10-30', 'Africa/Cairo').toISOString()).toBe('2026-10-29T22:00:00.000Z')
    expect(dateAt(at('2026-10-29T21:30:00Z'), 'Africa/Cairo')).toBe('2026-10-29')
  })

  test('every instant is in exactly one window, in any zone', () => {
    const zones = fc.constantFrom(...Intl.supportedValuesOf('timeZone'))
    const instants = fc.date({ min: at('2015-01-01T00:00:00Z'), max: at('2040-01-01T00:00:00Z'), noInvalidDate: true })
    fc.assert(
      fc.property(zones, instants, fc.constantFrom('day' as const, 'month' as const), (zone, now, kind) => {
        const window = windowAt(now, zone, kind)
        expect(window.startsAt <= now && now < window.resetsAt).toBe(true)
        expect(dateAt(now, zone).startsWith(window.label)).toBe(true)
        expect(dateAt(new Date(window.startsAt.getTime() - 1), zone) < dateAt(window.startsAt, zone)).toBe(true)
        expect(windowAt(window.resetsAt, zone, kind).startsAt).toEqual(window.resetsAt)
      }),
      { numRuns: 300 },
    )
  })
})

test('days are added over the ends of months', () => {
  expect(addDays('2028-02-28', 2)).toBe('2028-03-01')
  expect(addDays('2026-01-01', -1)).toBe('2025-12-31')
})

test('time zones are known by their names', () => {
  expect(['Europe/Berlin', 'UTC', 'asia/kolkata'].map(isTimeZone)).toEqual([true, true, true])
  expect(['Nowhere/Land', '+02:00', '', 'Europe/Berlin; drop'].map(isTimeZone)).toEqual([false, false, false, false])
})
