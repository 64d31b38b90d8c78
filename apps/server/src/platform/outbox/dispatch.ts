import { sql } from 'kysely'
import type { Platform } from '../context.ts'
import { messageOf } from '../errors.ts'
import { type DomainEvent, listenersOf, outboxChannel } from './outbox.ts'

/** How long a delivery belongs to a process without a sign of life. */
const claimMs = 30_000
const pollMs = 2_000
/** Events come in bursts: a moment later one look takes them all. */
const wakeAfterMs = 10
const parallel = 4
const maxAttempts = 10
const longestPauseMs = 10 * 60_000
export const keptDays = 7

export interface Dispatcher {
  /** Takes nothing new; answers when what is being delivered has ended. */
  stop(): Promise<void>
}

/** Brings stored events to their listeners, from now on until stopped. */
export async function startDispatcher(platform: Platform): Promise<Dispatcher> {
  // The embedded database has one process: what seems to be in work belonged to one that died.
  if (platform.database.kind === 'pglite') await releaseClaims(platform)

  const running = new Set<Promise<void>>()
  let stopped = false
  let looking: Promise<void> | undefined
  let lookAgain = false

  const look = () => {
    if (looking || stopped) {
      lookAgain = true
      return
    }
    lookAgain = false
    looking = takeDue(platform, parallel - running.size)
      .then((taken) => {
        for (const delivery of taken) {
          const work = deliver(platform, delivery).catch((error) =>
            platform.log.error({ err: error }, 'A delivery could not be booked; it is repeated.'),
          )
          running.add(work)
          work.finally(() => {
            running.delete(work)
            look()
          })
        }
      })
      .catch((error) => platform.log.error({ err: error }, 'The outbox could not be read.'))
      .finally(() => {
        looking = undefined
        if (lookAgain) look()
      })
  }

  let timer: NodeJS.Timeout | undefined
  const wake = () => {
    timer ??= setTimeout(() => {
      timer = undefined
      look()
    }, wakeAfterMs)
  }
  const unsubscribe = platform.bus.subscribe(outboxChannel, wake)
  const poll = setInterval(look, pollMs)
  look()

  return {
    async stop() {
      stopped = true
      unsubscribe()
      clearInterval(poll)
      clearTimeout(timer)
      await looking
      await Promise.all(running)
    },
  }
}

/** Forgets events older than a week, delivered or not. */
export async function pruneOutbox(platform: Platform): Promise<void> {
  const before = new Date(platform.clock.now().getTime() - keptDays * 24 * 3600_000)
  await platform.db.deleteFrom('outboxEvents').where('createdAt', '<', before).execute()
}

type Delivery = DomainEvent & { position: number; listener: string; attempts: number }

/** Claims up to `limit` deliveries: of each listener and subject only the earliest. */
async function takeDue(platform: Platform, limit: number): Promise<Delivery[]> {
  if (limit <= 0) return []
  const names = [...listenersOf(platform).values()].flatMap((listeners) => [...listeners.keys()])
  if (names.length === 0) return []
  const now = platform.clock.now()
  const until = new Date(now.getTime() + claimMs)
  const { rows } = await sql<Delivery>`
    with due as (
      select d."position", d."listener" from "outboxDeliveries" d
      where d."state" = 'pending' and d."notBefore" <= ${now} and d."listener" = any(${names})
        and not exists (
          select 1 from "outboxDeliveries" e
          where e."listener" = d."listener" and e."subjectId" = d."subjectId" and e."state" = 'pending'
            and e."position" < d."position"
        )
      order by d."position"
      limit ${limit}
      for update skip locked
    ), taken as (
      update "outboxDeliveries" d set "notBefore" = ${until}, "attempts" = d."attempts" + 1
      from due where d."position" = due."position" and d."listener" = due."listener"
      returning d."position", d."listener", d."attempts"
    )
    select e.*, taken."listener", taken."attempts" from taken join "outboxEvents" e using ("position")
  `.execute(platform.db)
  return rows
}

async function deliver(platform: Platform, delivery: Delivery): Promise<void> {
  const { position, listener, attempts, ...event } = delivery
  const work = listenersOf(platform).get(event.type)?.get(listener)?.listener
  const ours = platform.db
    .updateTable('outboxDeliveries')
    .where('position', '=', position)
    .where('listener', '=', listener)
  const renew = setInterval(() => {
    const notBefore = new Date(platform.clock.now().getTime() + claimMs)
    ours
      .set({ notBefore })
      .execute()
      .catch((error) => platform.log.warn({ err: error }, 'A claim on a delivery could not be renewed.'))
  }, claimMs / 3)
  try {
    await work?.(platform, event)
  } catch (error) {
    const dead = attempts >= maxAttempts
    const log = platform.log.child({ listener, eventType: event.type, eventId: event.id, attempts })
    if (dead) log.error({ err: error }, 'A listener failed for the last time; the event is given up for it.')
    else log.warn({ err: error }, 'A listener failed; it is tried again.')
    const pauseMs = Math.min(longestPauseMs, 500 * 3 ** (attempts - 1))
    await ours
      .set({
        state: dead ? 'dead' : 'pending',
        notBefore: new Date(platform.clock.now().getTime() + pauseMs),
        lastError: messageOf(error).slice(0, 1000),
      })
      .execute()
    return
  } finally {
    clearInterval(renew)
  }
  await platform.db
    .deleteFrom('outboxDeliveries')
    .where('position', '=', position)
    .where('listener', '=', listener)
    .execute()
}

async function releaseClaims(platform: Platform): Promise<void> {
  const now = platform.clock.now()
  await platform.db
    .updateTable('outboxDeliveries')
    .set({ notBefore: now })
    .where('state', '=', 'pending')
    .where('notBefore', '>', now)
    .execute()
}
