import type { IncomingHttpHeaders } from 'node:http'
import ipaddr from 'ipaddr.js'

/** Where and with what a session is used, as the request tells; what it does not tell stays as it was. */
export function placeOf({ headers, ip }: { headers: IncomingHttpHeaders; ip?: string }): {
  address?: string
  userAgent?: string
  timeZone?: string
} {
  const timeZone = headers['parley-time-zone']
  const userAgent = headers['user-agent']?.slice(0, 300)
  return {
    ...(ip === undefined ? {} : { address: ip }),
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(typeof timeZone === 'string' && isTimeZone(timeZone) ? { timeZone } : {}),
  }
}

/** What kind of network an address is of; nothing outside is asked. */
export function kindOfNetwork(address: string | null): 'this-server' | 'private' | 'internet' | null {
  if (address === null || !ipaddr.isValid(address)) return null
  switch (ipaddr.process(address).range()) {
    case 'loopback':
      return 'this-server'
    case 'private':
    case 'uniqueLocal':
    case 'linkLocal':
    case 'carrierGradeNat':
      return 'private'
    default:
      return 'internet'
  }
}

function isTimeZone(text: string): boolean {
  if (!/^[A-Za-z][\w+/-]{1,60}$/.test(text)) return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: text })
    return true
  } catch {
    return false
  }
}
