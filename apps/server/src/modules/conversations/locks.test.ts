import type { Conversation, Level, SignedIn } from '@parley/contract'
import { sql } from 'kysely'
import { expect } from 'vitest'
import { describeWithPostgres, testOnPostgres } from '../../testing/services.ts'
import { type Caller, callerFor, startServer, type TestServer } from '../../testing/start-server.ts'

async function makePerson(server: TestServer, name: string): Promise<Caller & { id: string }> {
  const body = { email: `${name}@example.com`, password: 'a long test password', name }
  const { accessToken, user } = await server.anyone.json<SignedIn>('POST', '/api/v1/auth/register', body)
  return { ...callerFor(server.url, { authorization: `Bearer ${accessToken}` }), id: user.id }
}

// PGlite has one connection: nobody ever waits for a lock there.
describeWithPostgres('whoever may not change a conversation', () => {
  testOnPostgres('neither waits for its lock nor takes it; whoever may, does wait', async () => {
    const server = await startServer({ env: { PARLEY_SIGNUP: 'open' } })
    try {
      const [stranger, reader, writer] = [
        await makePerson(server, 'stranger'),
        await makePerson(server, 'reader'),
        await makePerson(server, 'writer'),
      ]
      const { id } = await server.owner.json<Conversation>('POST', '/api/v1/conversations', {})
      const grant = (person: { id: string }, level: Level) =>
        server.owner.json('PUT', `/api/v1/conversations/${id}/grants`, {
          subject: { kind: 'user', id: person.id },
          level,
        })
      await grant(reader, 'view')
      await grant(writer, 'edit')
      const rename = async (by: Caller) => {
        const response = await by.fetch(`/api/v1/conversations/${id}`, {
          method: 'PATCH',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ title: 'Renamed' }),
        })
        return response.status
      }
      const { promise: released, resolve: release } = Promise.withResolvers<void>()
      const { promise: held, resolve: hold } = Promise.withResolvers<void>()
      const holding = server.platform.db.transaction().execute(async (tx) => {
        await sql`select 1 from "conversations" where "id" = ${id} for update`.execute(tx)
        hold()
        await released
      })
      await held
      try {
        expect(await rename(stranger)).toBe(404)
        expect(await rename(reader)).toBe(403)
        let renamed: number | undefined
        const renaming = rename(writer).then((status) => {
          renamed = status
        })
        await expect
          .poll(async () => {
            const waiting = await sql`select 1 from pg_stat_activity
              where "datname" = current_database() and "wait_event_type" = 'Lock'`.execute(server.platform.db)
            return waiting.rows.length
          })
          .toBe(1)
        expect(renamed).toBeUndefined()
        release()
        await renaming
        expect(renamed).toBe(200)
      } finally {
        release()
        await holding
      }
    } finally {
      await server.close()
    }
  })
})
