import type { BudgetWindow } from '@parley/contract'

/** A day or month of a workspace: `label` names it (`2026-11-25`, `2026-11`). */
export interface Window {
  label: string
  startsAt: Date
  resetsAt: Date
}

const dayMs = 86_400_000
/** Time zones are at most this far from UTC. */
const farthestMs = 15 * 3_600_000
const remembered = new Map<string, Window>()
const formats = new Map<string, Intl.DateTimeFormat>()

/** The day or month that `now` is in, where `timeZone` is: with its first instant, and that of the next one. */
export function windowAt(now: Date, timeZone: string, kind: BudgetWindow): Window {
  const key = `${kind} ${timeZone}`
  const last = remembered.get(key)
  if (last && last.startsAt <= now && now < last.resetsAt) return last
  const today = dateAt(now, timeZone)
  const [first, next] =
    kind === 'day' ? [today, followingDay(today)] : [`${today.slice(0, 7)}-01`, followingMonth(today)]
  const window = {
    label: kind === 'day' ? today : today.slice(0, 7),
    startsAt: startOfDay(first, timeZone),
    resetsAt: startOfDay(next, timeZone),
  }
  remembered.set(key, window)
  return window
}

/** The date (`2026-11-25`) that a clock on a wall in `timeZone` shows. */
export function dateAt(at: Date, timeZone: string): string {
  let format = formats.get(timeZone)
  if (!format) {
    const parts = { year: 'numeric', month: '2-digit', day: '2-digit' } as const
    format = new Intl.DateTimeFormat('en-u-ca-gregory-nu-latn', { timeZone, ...parts })
    formats.set(timeZone, format)
  }
  const [month, day, year] = format.format(at).split('/')
  return `${year}-${month}-${day}`
}

/**
 * The first instant of a date. Searched for, not reckoned: where clocks change at midnight, a day begins at one o'clock,
 * or an hour of the day before comes twice.
 */
export function startOfDay(date: string, timeZone: string): Date {
  const midnightUtc = Date.parse(`${date}T00:00:00Z`)
  let before = midnightUtc - farthestMs
  let within = midnightUtc + farthestMs
  while (within - before > 1) {
    const middle = Math.floor((before + within) / 2)
    if (dateAt(new Date(middle), timeZone) >= date) within = middle
    else before = middle
  }
  return new Date(within)
}

/** The date that comes `days` later (or earlier). */
export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * dayMs).toISOString().slice(0, 10)
}

function followingDay(date: string): string {
  return addDays(date, 1)
}

function followingMonth(date: string): string {
  const [year, month] = date.split('-').map(Number) as [number, number]
  return month === 12 ? `${year + 1}-01-01` : `${year}-${String(month + 1).padStart(2, '0')}-01`
}

/** Whether there is such a time zone. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}
