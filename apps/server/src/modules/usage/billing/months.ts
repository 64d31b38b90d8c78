import { addDays, dateAt, startOfDay } from '../budgets/windows.ts'

/** The month (`2026-11`) after another. */
export function followingMonth(month: string): string {
  return addDays(`${month}-28`, 4).slice(0, 7)
}

export function precedingMonth(month: string): string {
  return addDays(`${month}-01`, -1).slice(0, 7)
}

/** The month that a calendar on a wall in `timeZone` shows. */
export function monthAt(at: Date, timeZone: string): string {
  return dateAt(at, timeZone).slice(0, 7)
}

/** The first instant of a month. */
export function startOfMonth(month: string, timeZone: string): Date {
  return startOfDay(`${month}-01`, timeZone)
}

/** Its dates, in order. */
export function daysOfMonth(month: string): string[] {
  const days: string[] = []
  for (let day = `${month}-01`; day.startsWith(month); day = addDays(day, 1)) days.push(day)
  return days
}
