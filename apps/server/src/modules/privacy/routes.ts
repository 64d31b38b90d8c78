import { endpoints } from '@parley/contract'
import type { Http } from '../../platform/http/index.ts'
import { privacyMode, readCounts, saveMode } from './store.ts'

export function mountPrivacy(http: Http): void {
  http.route(endpoints.getPrivacy, async (ctx) => ({
    mode: await privacyMode.read(ctx),
    counts: await readCounts(ctx),
  }))

  http.route(endpoints.setPrivacy, async (ctx, { body }) => {
    await saveMode(ctx, body.mode)
    return { mode: body.mode, counts: await readCounts(ctx) }
  })
}
