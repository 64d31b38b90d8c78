import type { Conversation, Message, Page } from '@parley/contract'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { within } from './testing/pace.ts'
import { startServer, type TestServer } from './testing/start-server.ts'

const conversations = 1_000
const messages = 200
/** Conversations filled by one statement, so that none takes too long. */
const atOnce = 50
const budgetMs = 50
const rounds = 20

let server: TestServer
beforeAll(async () => {
  server = await startServer()
  await fill()
})
afterAll(() => server.close())

/** A branch of 200 messages in each of 1,000 conversations, some 500 characters a message, every tenth with a tool call. */
async function fill(): Promise<void> {
  const { id: ownerId, workspace } = server.owner.signedIn.user
  const { db } = server.platform
  // Ids by number, so that each message can name the one before it.
  await sql`
    create function id_of(kind int, c int, m int) returns uuid language sql immutable as $$
      select (lpad(to_hex(c), 8, '0') || '-' || lpad(to_hex(m), 4, '0') || '-7000-8000-00000000000' || kind)::uuid $$`.execute(
    db,
  )
  await sql`
    insert into "conversations" ("id", "workspaceId", "ownerId", "title", "titleSource", "activeLeafId", "createdAt", "updatedAt")
    select id_of(1, c, 0), ${workspace.id}, ${ownerId}, 'Conversation number ' || c, 'person', id_of(2, c, ${messages}),
      now() - make_interval(mins => c), now() - make_interval(mins => c)
    from generate_series(1, ${conversations}) c`.execute(db)
  // Without the check of each parent: it is there by construction, and 200,000 look-ups are not what is measured.
  await sql`alter table "messages" drop constraint "messages_parentId_fkey"`.execute(db)
  for (let first = 1; first <= conversations; first += atOnce) {
    await sql`
      insert into "messages" ("id", "workspaceId", "conversationId", "parentId", "role", "status", "parts", "createdAt")
      select id_of(2, c, m), ${workspace.id}, id_of(1, c, 0), case when m > 1 then id_of(2, c, m - 1) end,
        case when m % 2 = 1 then 'user' else 'assistant' end, 'complete',
        case when m % 10 = 0
          then jsonb_build_array(
            jsonb_build_object('type', 'tool-call', 'toolCallId', 'c' || m, 'name', 'notes__read', 'title', 'Read', 'serverName', 'Notes',
              'arguments', '{"page":1}', 'state', 'done', 'origin', 'model', 'step', 1),
            jsonb_build_object('type', 'text', 'text', repeat('It was in the notes. ', 25), 'origin', 'model', 'step', 2))
          else jsonb_build_array(
            jsonb_build_object('type', 'text', 'text', repeat('Some words of a message. ', 20), 'origin', 'user', 'step', 0))
        end,
        now()
      from generate_series(${first}::int, ${first + atOnce - 1}) c, generate_series(1, ${messages}) m`.execute(db)
  }
  await sql`analyze`.execute(db)
}

/**
 * What a request takes in milliseconds, after a few to warm up: prints median and 95th percentile, answers the lower
 * quartile, since other tests share the processors while this one measures.
 */
async function timesOf(name: string, request: (round: number) => Promise<unknown>): Promise<number> {
  const times: number[] = []
  for (let round = -3; round < rounds; round += 1) {
    const startedAt = performance.now()
    await request(round + 3)
    if (round >= 0) times.push(performance.now() - startedAt)
  }
  times.sort((a, b) => a - b)
  const at = (share: number) => times[Math.floor(rounds * share)]!
  const [quartile, median, p95] = [at(0.25), at(0.5), at(0.95)]
  console.log(`${server.platform.database.kind}: ${name}: median ${median.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms`)
  return quartile
}

const get = <T>(path: string) => server.owner.json<T>('GET', `/api/v1/conversations${path}`)

test('1,000 conversations of 200 messages: listing stays under 50 ms, page after page', { retry: 3 }, async () => {
  let cursor: string | null = null
  const seen = new Set<string>()
  const quartile = await timesOf('list 50 conversations', async () => {
    const page: Page<Conversation> = await get(`?limit=50${cursor === null ? '' : `&cursor=${cursor}`}`)
    cursor = page.nextCursor
    for (const { id } of page.data) seen.add(id)
  })
  expect(seen.size).toBe(conversations)
  expect(quartile).toBeLessThan(within(budgetMs))
})

test('searching by title stays under 50 ms', { retry: 3 }, async () => {
  const quartile = await timesOf('search', async (round) => {
    const { data } = await get<Page<Conversation>>(`?search=number%20${100 + round}`)
    expect(data[0]!.title).toBe(`Conversation number ${100 + round}`)
  })
  expect(quartile).toBeLessThan(within(budgetMs))
})

test.each([100, 200])(
  'opening a conversation with its last %i messages stays under 50 ms',
  { retry: 3 },
  async (limit) => {
    const { data } = await get<Page<Conversation>>('?limit=50')
    const quartile = await timesOf(`open with ${limit} messages`, async (round) => {
      const { id, activeLeafId } = data[round]!
      const [conversation, page] = await Promise.all([
        get<Conversation>(`/${id}`),
        get<Page<Message>>(`/${id}/messages?limit=${limit}`),
      ])
      expect(page.data).toHaveLength(limit)
      expect(page.data.at(-1)!.id).toBe(activeLeafId)
      expect(conversation.id).toBe(id)
    })
    expect(quartile).toBeLessThan(within(budgetMs))
  },
)
