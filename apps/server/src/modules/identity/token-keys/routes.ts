import { createHash } from 'node:crypto'
import { tokenKeyEndpoints } from '@parley/contract'
import type { Http } from '../../../platform/http/index.ts'
import { presentTokenKey, publishedForSeconds, tokenKeys } from './token-keys.ts'

/** Mounts the public keys of access tokens, for services that verify them offline. */
export function mountTokenKeys(http: Http): void {
  http.publicRoute(tokenKeyEndpoints.getTokenKeys, async (ctx, _input, { request, reply }) => {
    // The first start has none yet: whoever asks gets one that will sign.
    await tokenKeys(ctx).signing(ctx)
    const keys = (await tokenKeys(ctx).list(ctx)).map(presentTokenKey)
    const etag = `"${createHash('sha256').update(JSON.stringify(keys)).digest('base64url').slice(0, 22)}"`
    reply.headers({
      'cache-control': `public, max-age=${publishedForSeconds}`,
      etag,
      // They are public: pages of other sites may read them.
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
    })
    if (request.headers['if-none-match'] !== etag) return { keys }
    reply.code(304).send()
    return undefined
  })
}
