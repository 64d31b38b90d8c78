import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import type { Ctx } from '../../../platform/context.ts'
import { dateAt } from '../budgets/windows.ts'
import { rulesOf } from '../rules.ts'
import { csvLine } from './csv.ts'
import type { Filters } from './filters.ts'
import { allEntries, type NamedEntry } from './list-entries.ts'

const columns = [
  'createdAt',
  'userName',
  'userEmail',
  'userId',
  'apiKeyName',
  'apiKeyId',
  'plan',
  'purpose',
  'model',
  'inputTokens',
  'cachedInputTokens',
  'outputTokens',
  'reasoningTokens',
  'costMicroUsd',
  'latencyMs',
  'firstTokenMs',
  'outcome',
  'estimated',
  'conversationId',
  'runId',
  'messageId',
  'id',
] as const satisfies (keyof NamedEntry)[]

/** Sends the entries as a file, while they are read. */
export async function sendEntries(
  ctx: Ctx,
  filters: Filters,
  format: 'csv' | 'json',
  reply: FastifyReply,
): Promise<void> {
  const { timeZone } = await rulesOf(ctx)
  const name = `usage-${dateAt(ctx.clock.now(), timeZone)}.${format}`
  // What cannot be read is told as a problem, as long as nothing was sent.
  const batches = allEntries(ctx, filters)
  const first = await batches.next()
  const text = format === 'csv' ? csvOf(first, batches) : jsonOf(first, batches)
  reply
    .header('content-disposition', `attachment; filename="${name}"`)
    .type(format === 'csv' ? 'text/csv; charset=utf-8; header=present' : 'application/json; charset=utf-8')
    .send(Readable.from(text))
}

type Batches = AsyncGenerator<NamedEntry[]>
type First = IteratorResult<NamedEntry[], unknown>

async function* eachOf(first: First, batches: Batches): AsyncGenerator<NamedEntry[]> {
  if (first.done) return
  yield first.value
  yield* batches
}

async function* csvOf(first: First, batches: Batches): AsyncGenerator<string> {
  yield csvLine([...columns])
  for await (const entries of eachOf(first, batches)) {
    yield entries.map((entry) => csvLine(columns.map((column) => entry[column]))).join('')
  }
}

async function* jsonOf(first: First, batches: Batches): AsyncGenerator<string> {
  let before = '{"data":[\n'
  for await (const entries of eachOf(first, batches)) {
    const texts = entries.map((entry) =>
      JSON.stringify(Object.fromEntries(columns.map((column) => [column, entry[column]]))),
    )
    yield before + texts.join(',\n')
    before = ',\n'
  }
  yield before === ',\n' ? '\n]}\n' : '{"data":[]}\n'
}
