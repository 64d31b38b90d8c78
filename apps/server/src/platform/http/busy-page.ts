import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AppError } from '../errors.ts'

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<title>Parley is busy</title>
<h1>Parley is busy</h1>
<p>It has more to do than it can at this moment. This page tries again by itself.</p>
</html>
`

/** Tells a person who opens a page, instead of problem details; false for everything else. */
export function sendBusyPage(
  request: FastifyRequest,
  reply: FastifyReply,
  { retryAfterSeconds = 5 }: AppError,
): boolean {
  if (request.method !== 'GET' || request.headers['sec-fetch-mode'] !== 'navigate') return false
  const seconds = String(retryAfterSeconds)
  reply
    .code(503)
    .headers({ 'retry-after': seconds, refresh: seconds, 'cache-control': 'no-store' })
    .type('text/html; charset=utf-8')
    .send(page)
  return true
}
