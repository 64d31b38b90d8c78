const date = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' })
const time = new Intl.DateTimeFormat(undefined, { hour: 'numeric', minute: '2-digit' })
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'short' })
const count = new Intl.NumberFormat(undefined)
const shortCount = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 })

export const formatDate = (at: string): string => date.format(new Date(at))
export const formatTime = (at: string): string => time.format(new Date(at))
export const formatMoment = (at: string): string => moment.format(new Date(at))
export const formatCount = (value: number): string => count.format(value)
/** `128K`, `1M`. */
export const formatShort = (value: number): string => shortCount.format(value)

/** Micro-USD as people read it: cents as they are, less than a cent with the digits that matter. */
export function formatCost(microUsd: number): string {
  const dollars = microUsd / 1e6
  if (dollars === 0) return '$0'
  if (dollars < 0.0001) return '< $0.0001'
  return `$${dollars < 0.01 ? dollars.toPrecision(2) : dollars.toFixed(2)}`
}

export function formatDuration(ms: number): string {
  if (ms < 950) return `${ms} ms`
  const seconds = ms / 1000
  return seconds < 60
    ? `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`
    : `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
}

/** `5:07`, `1:02:30`: what is left, in seconds and more. */
export function formatCountdown(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1000))
  const two = (value: number) => String(value).padStart(2, '0')
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor((seconds % 3600) / 60)
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}

export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  return bytes < 1e6 ? `${Math.round(bytes / 1000)} KB` : `${(bytes / 1e6).toFixed(1)} MB`
}
