import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { Config } from '../../platform/config/index.ts'
import { readCookie, setCookie } from './cookies.ts'

const cookieName = 'parley_session'

/** The session token that a browser sent, if any. */
export function readSessionCookie(config: Config, headers: IncomingHttpHeaders): string | undefined {
  return readCookie(config, headers, cookieName)
}

/** Gives the browser the session token. */
export function setSessionCookie(config: Config, reply: FastifyReply, token: string, maxAgeSeconds: number): void {
  setCookie(config, reply, cookieName, token, maxAgeSeconds)
}

/** Makes the browser forget the session token. */
export function clearSessionCookie(config: Config, reply: FastifyReply): void {
  setSessionCookie(config, reply, '', 0)
}
