import type { SecondFactorRequired, SignedIn } from '@parley/contract'
import type { FastifyReply } from 'fastify'
import type { Platform } from '../../platform/context.ts'
import { sessionDays } from './authenticate.ts'
import { type Client, rememberBrowser } from './client.ts'
import { setSessionCookie } from './session-cookie.ts'
import type { SignInOutcome, SignInResult } from './sign-in.ts'

/**
 * Sets the cookies that belong to how a sign-in came out, and gives the body. Whoever answers with a page instead sends
 * it to `signInPath`.
 */
export function answerSignIn(platform: Platform, reply: FastifyReply, client: Client, signedIn: SignInResult): SignedIn
export function answerSignIn(
  platform: Platform,
  reply: FastifyReply,
  client: Client,
  outcome: SignInOutcome,
): SignedIn | SecondFactorRequired
export function answerSignIn(
  platform: Platform,
  reply: FastifyReply,
  client: Client,
  outcome: SignInOutcome,
): SignedIn | SecondFactorRequired {
  if ('sessionToken' in outcome) {
    setSessionCookie(platform.config, reply, outcome.sessionToken, sessionDays * 24 * 60 * 60)
  }
  rememberBrowser(platform.config, reply, client)
  return outcome.answer
}

/**
 * Where the web app goes on after a sign-in that was a redirect: `next` (a path of ours), or the sign-in page that asks
 * for the second factor. The challenge is in the fragment, which reaches no log, and is of use to this browser alone.
 */
export function signInPath({ answer }: SignInOutcome, next: string): string {
  if (!('secondFactorRequired' in answer)) return next
  const search = next === '/' ? '' : `?${new URLSearchParams({ next })}`
  const asked = new URLSearchParams({ challenge: answer.challenge, methods: answer.methods.join(',') })
  return `/login${search}#${asked}`
}
