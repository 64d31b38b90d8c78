import type { Conversation, SignedIn, Started } from '@parley/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually } from '../../testing/eventually.ts'
import { readEvents } from '../../testing/read-events.ts'
import { type ScriptedModel, startScriptedModel } from '../../testing/scripted-model.ts'
import { describeWithPostgres, scratchDatabase } from '../../testing/services.ts'
import {
  type Caller,
  callerFor,
  makeHome,
  type SpawnedServer,
  spawnServer,
  startServer,
  type TestServer,
} from '../../testing/start-server.ts'

const password = 'a long test password'
const slow = '!slow 2000 words 20ms'

let model: ScriptedModel
let server: TestServer
let people = 0

beforeAll(async () => {
  model = await startScriptedModel()
})
afterAll(() => model.close())

const environment = () => ({
  OPENAI_BASE_URL: model.openaiBaseUrl,
  OPENAI_API_KEY: 'sk-test',
  PARLEY_SIGNUP: 'open',
})

interface Person extends Caller {
  id: string
  email: string
}

async function makePerson(): Promise<Person> {
  const body = { email: `pat-${++people}@example.com`, password, name: `Pat ${people}` }
  const { accessToken, user } = await server.anyone.json<SignedIn>('POST', '/api/v1/auth/register', body)
  const caller = callerFor(server.url, { authorization: `Bearer ${accessToken}` })
  return { ...caller, id: user.id, email: body.email }
}

/** Has a long reply written for somebody, and answers once it is. */
async function beingWritten(as: Caller): Promise<Started> {
  const { id } = await as.json<Conversation>('POST', '/api/v1/conversations', { title: 'Test' })
  const started = await as.json<Started>('POST', `/api/v1/conversations/${id}/messages`, { content: slow })
  await readEvents(as, started.run.id, 0, 8)
  return started
}

async function ended({ run, assistantMessage }: Started): Promise<[string, string]> {
  const { db } = server.platform
  const rows = db.selectFrom('runs').innerJoin('messages', 'messages.id', 'runs.messageId')
  const row = await rows
    .select(['runs.status', 'messages.status as messageStatus'])
    .where('runs.id', '=', run.id)
    .where('messages.id', '=', assistantMessage.id)
    .executeTakeFirstOrThrow()
  return [row.status, row.messageStatus]
}

describe('what is written for somebody stops', () => {
  beforeAll(async () => {
    server = await startServer({ env: environment() })
  })
  afterAll(() => server.close())

  const scim = async (token: string, method: string, path: string, body: unknown) => {
    const response = await fetch(`${server.url}/scim/v2${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
      body: JSON.stringify(body),
    })
    expect(response.ok).toBe(true)
  }
  const patchOp = 'urn:ietf:params:scim:api:messages:2.0:PatchOp'
  const ways: [string, (person: Person) => Promise<unknown>][] = [
    ['when an admin removes them', ({ id }) => server.owner.json('DELETE', `/api/v1/people/${id}`)],
    ['when they leave', (person) => person.json('POST', '/api/v1/workspace/leave')],
    [
      'when their role lets them write no more',
      ({ id }) => server.owner.json('PUT', `/api/v1/roles/viewer/members/${id}`),
    ],
    [
      'when their directory suspends them',
      async ({ id }) => {
        const { token } = await server.owner.json<{ token: string }>('POST', '/api/v1/scim-tokens', { name: 'Okta' })
        const Operations = [{ op: 'replace', path: 'active', value: false }]
        await scim(token, 'PATCH', `/Users/${id}`, { schemas: [patchOp], Operations })
      },
    ],
  ]

  test.each(ways)('%s, and the provider’s connection is closed', async (_when, revoke) => {
    const [person, other] = [await makePerson(), await makePerson()]
    const started = await beingWritten(person)
    const others = await beingWritten(other)
    const closed = model.next('closed')
    await revoke(person)
    await closed
    await eventually(async () => expect(await ended(started)).toEqual(['stopped', 'stopped']))
    // And for nobody else.
    expect((await ended(others))[0]).toBe('running')
    await other.json('POST', `/api/v1/runs/${others.run.id}/stop`)
    await eventually(async () => expect((await ended(others))[0]).toBe('stopped'))
  })
})

describeWithPostgres('in a process that the bus does not reach', () => {
  let elsewhere: SpawnedServer
  let remove: () => Promise<void>

  beforeAll(async () => {
    const scratch = await scratchDatabase()
    const home = await makeHome()
    const env = {
      ...environment(),
      DATABASE_URL: scratch.url,
      PUBLIC_URL: 'http://parley.example',
      PARLEY_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    }
    server = await startServer({ env })
    elsewhere = await spawnServer({ dataDir: home.dataDir, port: home.port, env })
    remove = async () => {
      await home.remove()
      await scratch.drop()
    }
  })
  afterAll(async () => {
    await elsewhere?.kill9()
    await server?.close()
    await remove?.()
  })

  const there = (person: Person) => callerFor(elsewhere.url, person.headers)

  test('what is written for somebody who is removed stops there', async () => {
    const person = await makePerson()
    const started = await beingWritten(there(person))
    const closed = model.next('closed')
    await server.owner.json('DELETE', `/api/v1/people/${person.id}`)
    await closed
    await eventually(async () => expect(await ended(started)).toEqual(['stopped', 'stopped']))
  })

  test('what such a process left behind ends as well, though nobody is there to go on for', async () => {
    const person = await makePerson()
    const started = await beingWritten(there(person))
    await elsewhere.kill9()
    await server.owner.json('DELETE', `/api/v1/people/${person.id}`)
    await eventually(async () => expect(await ended(started)).toEqual(['stopped', 'stopped']))
  })
})
