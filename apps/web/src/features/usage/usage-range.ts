export const ranges = [
  { value: '7', label: 'Last 7 days' },
  { value: '30', label: 'Last 30 days' },
  { value: '90', label: 'Last 90 days' },
  { value: '365', label: 'Last 365 days' },
] as const

/** Days from `from` to `to`, both included; the report leaves out those without usage. */
export function daysBetween(from: string, to: string): string[] {
  const days: string[] = []
  for (let day = from; day <= to; day = addDay(day, 1)) days.push(day)
  return days
}

/** The first day of a range that ends today; the server knows better what day it is where the workspace is. */
export function firstDay(count: number, now = new Date()): string {
  return addDay(now.toISOString().slice(0, 10), 1 - count)
}

function addDay(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10)
}
