import { passkeyEndpoints } from '@parley/contract'
import type { Http } from '../../../platform/http/index.ts'
import { answerSignIn } from '../answer-sign-in.ts'
import { clientOf, rememberBrowser } from '../client.ts'
import { addPasskey, getPasskeys, removePasskey, renamePasskey, startPasskey } from './manage-passkeys.ts'
import { signInWithPasskey, startPasskeySignIn } from './sign-in-with-passkey.ts'

/** Mounts signing in with a passkey, and the person's own passkeys. */
export function mountPasskeys(http: Http): void {
  http.publicRoute(passkeyEndpoints.startPasskeySignIn, async (ctx, _input, { request, reply }) => {
    const client = clientOf(ctx.config, request)
    const options = await startPasskeySignIn(ctx, client)
    rememberBrowser(ctx.config, reply, client) // the challenge can be answered in no other
    return options
  })
  http.publicRoute(passkeyEndpoints.signInWithPasskey, async (ctx, { body }, { request, reply }) => {
    const client = clientOf(ctx.config, request)
    return answerSignIn(ctx, reply, client, await signInWithPasskey(ctx, body.response, client))
  })

  http.route(passkeyEndpoints.listPasskeys, (ctx) => getPasskeys(ctx))
  http.route(passkeyEndpoints.startPasskey, (ctx) => startPasskey(ctx))
  http.route(passkeyEndpoints.addPasskey, (ctx, { body }) => addPasskey(ctx, body))
  http.route(passkeyEndpoints.renamePasskey, (ctx, { params, body }) => renamePasskey(ctx, params.id, body.name))
  http.route(passkeyEndpoints.removePasskey, (ctx, { params }) => removePasskey(ctx, params.id))
}
