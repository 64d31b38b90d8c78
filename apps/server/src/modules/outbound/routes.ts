import { endpoints } from '@parley/contract'
import { AppError } from '../../platform/errors.ts'
import type { Http } from '../../platform/http/index.ts'
import { parseHosts } from '../../platform/net/index.ts'
import { outboundHosts, saveHosts } from './store.ts'

export function mountOutbound(http: Http): void {
  http.route(endpoints.getOutbound, async (ctx) => ({ hosts: await outboundHosts.read(ctx) }))

  http.route(endpoints.setOutbound, async (ctx, { body }) => {
    const hosts = [...new Set(body.hosts.map((host) => host.toLowerCase()))]
    const { problems } = parseHosts(hosts)
    if (problems.length > 0) {
      const fields = problems.map((message) => ({ pointer: '/hosts', message }))
      throw new AppError('invalid_request', problems[0]!, { fields })
    }
    await saveHosts(ctx, hosts)
    return { hosts }
  })
}
