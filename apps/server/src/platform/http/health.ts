import { sql } from 'kysely'
import { messageOf } from '../errors.ts'
import type { Http } from './http.ts'

const databaseTimeoutMs = 2_000

/**
 * `/healthz`: the process is alive. `/readyz`: it can do its work; 503 while it cannot, or is about to end. Without Redis
 * it can, only worse: that is told and is no reason to send people elsewhere, where it is away just as much.
 */
export function mountHealth({ app, platform }: Http, isStarted: () => boolean): void {
  const config = { vital: true }
  app.get('/healthz', { config }, async (_request, reply) =>
    reply.header('cache-control', 'no-store').send({ status: 'ok' }),
  )

  app.get('/readyz', { config }, async (_request, reply) => {
    const checks = {
      started: isStarted() ? 'ok' : 'starting',
      draining: platform.shutdown.aborted ? 'draining' : 'ok',
      database: await checkDatabase(),
    }
    const ready = Object.values(checks).every((check) => check === 'ok')
    const redis = await checkRedis()
    return reply
      .code(ready ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ status: ready ? 'ready' : 'unavailable', checks: { ...checks, ...redis } })
  })

  async function checkRedis(): Promise<{ redis?: string }> {
    if (platform.redis === undefined) return {}
    const here = await platform.redis.answers()
    return { redis: here ? 'ok' : 'not answering: each process counts limits for itself' }
  }

  async function checkDatabase(): Promise<string> {
    let timer: NodeJS.Timeout | undefined
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('It did not answer in time.')), databaseTimeoutMs)
    })
    try {
      await Promise.race([sql`select 1`.execute(platform.db), timeout])
      return 'ok'
    } catch (error) {
      platform.log.warn({ reason: messageOf(error) }, 'The database does not answer.')
      return 'not answering'
    } finally {
      clearTimeout(timer)
    }
  }
}
