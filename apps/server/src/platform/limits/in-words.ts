/** A time to wait as people say it: `40 seconds`, `6 minutes`, `2 hours`. Never less than it is. */
export function inWords(seconds: number): string {
  if (seconds < 90) return count(Math.max(1, Math.ceil(seconds)), 'second')
  if (seconds < 90 * 60) return count(Math.ceil(seconds / 60), 'minute')
  return count(Math.ceil(seconds / 3600), 'hour')
}

function count(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? '' : 's'}`
}
