import { emailedLinkEndpoints } from '@parley/contract'
import type { Http } from '../../../platform/http/index.ts'
import { clientOf, rememberBrowser } from '../client.ts'
import { ratePassword } from '../password-strength/check-strength.ts'
import { enoughScore } from '../password-strength/rating.ts'
import { takeRating } from '../sign-in-throttle.ts'
import { changeEmail, confirmEmail, requestVerification } from './email-address.ts'
import { requestPasswordReset, requestSignUp } from './request-link.ts'
import { resetPassword } from './reset-password.ts'

/** Mounts what works by a link in a mail: signing up, a new password, showing that an address is one's own. */
export function mountEmailedLinks(http: Http): void {
  http.publicRoute(emailedLinkEndpoints.requestSignUp, (ctx, { body }, { request }) =>
    requestSignUp(ctx, body, clientOf(ctx.config, request)),
  )
  http.publicRoute(emailedLinkEndpoints.requestPasswordReset, (ctx, { body }, { request }) =>
    requestPasswordReset(ctx, body.email, clientOf(ctx.config, request)),
  )
  http.publicRoute(emailedLinkEndpoints.resetPassword, async (ctx, { body }, { request, reply }) => {
    const client = clientOf(ctx.config, request)
    await resetPassword(ctx, body, client)
    rememberBrowser(ctx.config, reply, client)
  })
  http.publicRoute(emailedLinkEndpoints.confirmEmail, async (ctx, { body }, { request }) => ({
    email: await confirmEmail(ctx, body.token, clientOf(ctx.config, request)),
  }))
  http.publicRoute(emailedLinkEndpoints.ratePassword, async (ctx, { body }, { request }) => {
    await takeRating(ctx, request.ip)
    const rating = await ratePassword(body.password, body.personal ?? [])
    return { ...rating, accepted: rating.score >= enoughScore }
  })
  http.route(emailedLinkEndpoints.requestEmailVerification, (ctx) => requestVerification(ctx))
  http.route(emailedLinkEndpoints.changeEmail, (ctx, { body }, { request }) =>
    changeEmail(ctx, body, clientOf(ctx.config, request)),
  )
}
