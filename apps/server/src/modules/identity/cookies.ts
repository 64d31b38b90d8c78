import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { Config } from '../../platform/config/index.ts'

/** `__Host-` has the browser insist that the cookie is secure, for this host alone, and for all of it. */
function fullName(config: Config, name: string): string {
  return config.http.secureCookies ? `__Host-${name}` : name
}

/** The value of a cookie that a browser sent, if any. The first counts: browsers send that of the closest path first. */
export function readCookie(config: Config, headers: IncomingHttpHeaders, name: string): string | undefined {
  const start = `${fullName(config, name)}=`
  const pair = headers.cookie?.split(/; */).find((each) => each.startsWith(start))
  return pair?.slice(start.length)
}

/** Sets a cookie that scripts cannot read and other sites cannot post with. `value` is base64url: nothing needs escaping. */
export function setCookie(
  config: Config,
  reply: FastifyReply,
  name: string,
  value: string,
  maxAgeSeconds: number,
): void {
  const attributes = `Max-Age=${maxAgeSeconds}; Path=/; HttpOnly; SameSite=Lax`
  const secure = config.http.secureCookies ? '; Secure' : ''
  reply.header('set-cookie', `${fullName(config, name)}=${value}; ${attributes}${secure}`)
}
