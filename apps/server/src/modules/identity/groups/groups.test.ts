import type { Group, GroupMember, Page, Problem, ShareableWith, SignedIn } from '@parley/contract'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newId } from '../../../platform/crypto/index.ts'
import { startServer, type TestServer } from '../../../testing/start-server.ts'

let server: TestServer
beforeAll(async () => {
  server = await startServer({ env: { PARLEY_SIGNUP: 'open' } })
})
afterAll(() => server.close())

async function makePerson(name: string): Promise<string> {
  const body = { email: `${name.toLowerCase()}@example.com`, password: 'a long test password', name }
  return (await server.anyone.json<SignedIn>('POST', '/api/v1/auth/register', body)).user.id
}

const groups = <T>(method: string, path = '', body?: unknown) =>
  server.owner.json<T>(method, `/api/v1/groups${path}`, body)

async function refusal(method: string, path: string, body?: unknown): Promise<[number, string]> {
  const response = await server.owner.fetch(`/api/v1/groups${path}`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return [response.status, ((await response.json()) as Problem).code]
}

test('groups are made, found, renamed and deleted', async () => {
  const sales = await groups<Group>('POST', '', { name: 'Sales', description: 'Who sells.', externalId: 'dir-1' })
  expect(sales).toMatchObject({ name: 'Sales', description: 'Who sells.', externalId: 'dir-1', memberCount: 0 })
  await groups('POST', '', { name: 'Legal 100%' })
  await groups('POST', '', { name: 'board' })
  expect((await groups<Page<Group>>('GET')).data.map(({ name }) => name)).toEqual(['board', 'Legal 100%', 'Sales'])
  expect((await groups<Page<Group>>('GET', '?search=0%25')).data.map(({ name }) => name)).toEqual(['Legal 100%'])

  expect(await refusal('POST', '', { name: 'SALES' })).toEqual([409, 'name_taken'])
  expect(await refusal('PATCH', `/${sales.id}`, { name: 'Board' })).toEqual([409, 'name_taken'])
  expect(await groups('PATCH', `/${sales.id}`, { name: 'Sales team' })).toMatchObject({ name: 'Sales team' })
  await groups('DELETE', `/${sales.id}`)
  expect(await refusal('GET', `/${sales.id}`)).toEqual([404, 'not_found'])
})

test('a list goes on page after page, by name', async () => {
  for (const number of [1, 2, 3, 4, 5]) await groups('POST', '', { name: `Page ${number}` })
  const names: string[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const query: string = cursor === '' ? '' : `&cursor=${cursor}`
    const page: Page<Group> = await groups<Page<Group>>('GET', `?search=Page&limit=2${query}`)
    names.push(...page.data.map(({ name }) => name))
    cursor = page.nextCursor
  }
  expect(names).toEqual(['Page 1', 'Page 2', 'Page 3', 'Page 4', 'Page 5'])
})

test('people of the workspace go in once and out again; others are not there', async () => {
  const { id } = await groups<Group>('POST', '', { name: 'Members' })
  const zoe = await makePerson('Zoe')
  const adam = await makePerson('Adam')
  for (const person of [zoe, adam, zoe]) await groups('PUT', `/${id}/members/${person}`)
  const members = () => groups<Page<GroupMember>>('GET', `/${id}/members`)
  expect((await members()).data.map(({ name }) => name)).toEqual(['Adam', 'Zoe'])
  expect(await groups('GET', `/${id}`)).toMatchObject({ memberCount: 2 })
  expect(await refusal('PUT', `/${id}/members/${newId()}`)).toEqual([404, 'not_found'])
  await groups('DELETE', `/${id}/members/${adam}`)
  expect(await refusal('DELETE', `/${id}/members/${adam}`)).toEqual([404, 'not_found'])
  expect((await members()).data.map(({ name }) => name)).toEqual(['Zoe'])

  const { db } = server.platform
  await db.deleteFrom('memberships').where('userId', '=', zoe).execute()
  expect((await members()).data).toEqual([])
})

test('people and groups to share with are found by name and address', async () => {
  await makePerson('Quentin')
  const { id } = await groups<Group>('POST', '', { name: 'Quick team' })
  const find = (search: string) =>
    server.owner.json<{ data: ShareableWith[] }>('GET', `/api/v1/shareable-with?search=${search}`)
  expect((await find('qu')).data).toEqual([
    { kind: 'group', id, name: 'Quick team', email: null, memberCount: 0 },
    expect.objectContaining({ kind: 'user', name: 'Quentin', email: 'quentin@example.com', memberCount: null }),
  ])
  expect((await find('quentin@ex')).data.map(({ name }) => name)).toEqual(['Quentin'])
  expect((await find('nobody-of-that-name')).data).toEqual([])
})
