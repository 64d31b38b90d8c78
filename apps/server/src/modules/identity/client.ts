import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../../platform/config/index.ts'
import { randomToken } from '../../platform/crypto/index.ts'
import { readCookie, setCookie } from './cookies.ts'
import { placeOf } from './sessions/place.ts'

/** Where a person signs in from. */
export interface Client {
  address: string
  userAgent: string | undefined
  /** Of the browser, as it says. */
  timeZone?: string | undefined
  /** Secret that this browser keeps in a cookie: what was begun in one browser can be ended in no other. */
  browser?: string
  /** A program that keeps no cookies, as far as can be told: known by what it says of itself and where it is. */
  program?: boolean
}

const browserDays = 400 // browsers keep no cookie longer
const cookieName = 'parley_browser'

/** The client of a request. A browser that has no secret yet is given one when its sign-in is answered. */
export function clientOf(config: Config, request: FastifyRequest): Client {
  const known = readCookie(config, request.headers, cookieName)
  const browser = known !== undefined && /^[\w-]{43}$/.test(known) ? known : randomToken()
  const { timeZone } = placeOf(request)
  const program = known === undefined && request.headers['sec-fetch-site'] === undefined
  return { address: request.ip, userAgent: request.headers['user-agent'], timeZone, browser, program }
}

/** Has the browser keep its secret. */
export function rememberBrowser(config: Config, reply: FastifyReply, { browser }: Client): void {
  if (browser !== undefined) setCookie(config, reply, cookieName, browser, browserDays * 24 * 60 * 60)
}
