import { createHash } from 'node:crypto'
import type { Logger } from 'pino'
import type { RedisClientType } from 'redis'

/** A program in Lua that Redis runs in one atomic step. */
export interface Script {
  source: string
  sha1: string
}

/** The server at REDIS_URL: what replicas share. Nothing waits for it: it answers at once, or counts as away. */
export interface Redis {
  /** Runs a script; undefined when Redis is away, or did not answer in time. Never throws. */
  run(script: Script, keys: string[], args: string[]): Promise<unknown>
  /** Whether it answered last time. */
  isHere(): boolean
  /** Asks it now. */
  answers(): Promise<boolean>
  close(): Promise<void>
}

/** After an answer that did not come, so long nobody else waits for one. */
const pauseMs = 1_000
const connectWithinMs = 2_000

export function script(source: string): Script {
  return { source, sha1: createHash('sha1').update(source).digest('hex') }
}

const ping = script('return 1')

/**
 * Connects, and goes on connecting for as long as the process lives. A server that is not there is no reason not to
 * start: it is logged, and what needs it is done in process meanwhile.
 */
export async function openRedis(url: string, answerWithinMs: number, log: Logger): Promise<Redis> {
  // 60 ms and 15 MB that only those pay who use it.
  const { createClient } = await import('redis')
  const client = createClient({
    url,
    name: 'parley',
    disableOfflineQueue: true,
    pingInterval: 10_000,
    socket: { connectTimeout: 3_000, reconnectStrategy: (tries) => Math.min(100 * 2 ** Math.min(tries, 5), 2_000) },
  }) as unknown as RedisClientType
  const connection = watch(client, log)
  void client.connect().catch(connection.lost)
  await Promise.race([connection.firstReady, new Promise((resolve) => setTimeout(resolve, connectWithinMs).unref())])
  if (!connection.isHere()) connection.lost(new Error('It did not answer in time.'))

  const redis: Redis = {
    isHere: connection.isHere,
    answers: async () => (await redis.run(ping, [], [])) !== undefined,
    async run({ source, sha1 }, keys, args) {
      if (!connection.mayAsk()) return undefined
      const options = { keys, arguments: args }
      const answer = client.evalSha(sha1, options).catch((error: unknown) => {
        if (error instanceof Error && error.message.startsWith('NOSCRIPT')) return client.eval(source, options)
        throw error
      })
      try {
        const result = await within(answer, answerWithinMs)
        connection.found()
        return result
      } catch (error) {
        connection.lost(error)
        return undefined
      }
    },
    async close() {
      client.destroy()
    },
  }
  return redis
}

/** Knows whether the server is there, and says so in the log when that changes. */
function watch(client: RedisClientType, log: Logger) {
  const { promise: firstReady, resolve: ready } = Promise.withResolvers<void>()
  let here: boolean | undefined
  let askAgainAt = 0
  const found = () => {
    askAgainAt = 0
    ready()
    if (here === false) log.info('Redis is back; limits are counted there again.')
    here = true
  }
  const lost = (error: unknown) => {
    askAgainAt = performance.now() + pauseMs
    if (here !== false) log.warn({ err: error }, 'Redis is away; until it is back, each process counts limits itself.')
    here = false
  }
  client.on('ready', found)
  client.on('error', lost)
  return {
    firstReady,
    found,
    lost,
    isHere: () => here === true,
    mayAsk: () => client.isReady && (askAgainAt === 0 || performance.now() >= askAgainAt),
  }
}

function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    // When the process itself was busy, the answer may be there and unread: one more turn reads it.
    const timer = setTimeout(() => setImmediate(reject, new Error(`No answer within ${ms} ms.`)), ms)
    promise.then(resolve, reject).finally(() => clearTimeout(timer))
  })
}
