import type { Selectable } from 'kysely'
import type { Database, Platform } from '../../../platform/context.ts'
import { costOf } from '../call.ts'
import { settle } from './settle.ts'

type ReservationRow = Selectable<Database['budgetReservations']>

/**
 * Books the calls that a run's former process left unbooked. `outputTokens` is what is known of the answer that it was
 * writing.
 */
export async function bookLostCalls(platform: Platform, runId: string, outputTokens: number): Promise<void> {
  const rows = await platform.db.selectFrom('budgetReservations').selectAll().where('runId', '=', runId).execute()
  for (const row of rows) await bookLost(platform, row, row.call.purpose === 'chat' ? outputTokens : undefined)
}

/** Books the calls that nobody books any more: their process died, and no other took over. */
export async function bookExpiredCalls(platform: Platform): Promise<void> {
  const rows = await platform.db
    .selectFrom('budgetReservations')
    .selectAll()
    .where('expiresAt', '<', platform.clock.now())
    .orderBy('expiresAt')
    .limit(1_000)
    .execute()
  for (const row of rows) await bookLost(platform, row, undefined)
  if (rows.length > 0) platform.log.warn({ calls: rows.length }, 'model calls whose process went away were booked')
}

/** Where nothing is known of the answer, it counts as the longest it may have been: rather too much than too little. */
async function bookLost(
  platform: Platform,
  { call, items }: ReservationRow,
  written: number | undefined,
): Promise<void> {
  const most = call.maxOutputTokens ?? 0
  const output = Math.min(written ?? most, most)
  const tokens = { input: call.inputTokens, cachedInput: 0, output, reasoning: 0 }
  const bookedAt = platform.clock.now()
  const latencyMs = Math.min(Math.max(0, bookedAt.getTime() - Date.parse(call.startedAt)), 2_147_483_647)
  const costMicroUsd = costOf(call.price, tokens)
  await settle(
    platform,
    { call, tokens, costMicroUsd, latencyMs, firstTokenMs: null, outcome: 'lost', estimated: true, bookedAt },
    items,
  )
}
