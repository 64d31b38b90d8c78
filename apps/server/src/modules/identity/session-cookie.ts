import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { Config } from '../../platform/config/index.ts'

/** `__Host-` has the browser insist that the cookie is secure, for this host alone, and for all of it. */
function cookieName(config: Config): string {
  return config.http.secureCookies ? '__Host-parley_session' : 'parley_session'
}

/** The session token that a browser sent, if any. The first counts: browsers send the cookie of the closest path first. */
export function readSessionCookie(config: Config, headers: IncomingHttpHeaders): string | undefined {
  const start = `${cookieName(config)}=`
  const pair = headers.cookie?.split(/; */).find((each) => each.startsWith(start))
  return pair?.slice(start.length)
}

/** Gives the browser the session token; scripts cannot read it, and other sites cannot post with it. */
export function setSessionCookie(config: Config, reply: FastifyReply, token: string, maxAgeSeconds: number): void {
  // The token is base64url, so that nothing needs escaping.
  const attributes = `Max-Age=${maxAgeSeconds}; Path=/; HttpOnly; SameSite=Lax`
  const secure = config.http.secureCookies ? '; Secure' : ''
  reply.header('set-cookie', `${cookieName(config)}=${token}; ${attributes}${secure}`)
}

/** Makes the browser forget the session token. */
export function clearSessionCookie(config: Config, reply: FastifyReply): void {
  setSessionCookie(config, reply, '', 0)
}
