import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { describeWithChromium } from '../../server/src/testing/services.ts'
import { expectAccessible, type Stage, setStage, type Window } from './harness.ts'
import { photograph } from './photograph.ts'

describeWithChromium('provisioning', () => {
  let stage: Stage
  let ada: Window
  let page: Page

  beforeAll(async () => {
    stage = await setStage()
    ada = await stage.open()
    page = ada.page
    await page.goto(stage.server.setupUrl!)
    await page.getByLabel('Your name').fill('Ada Lovelace')
    await page.getByLabel('Workspace').fill('Engines')
    await page.getByLabel('Email').fill('ada@example.com')
    await page.getByLabel('Password').fill('correct horse battery staple')
    await page.getByRole('button', { name: 'Create workspace' }).click()
    await page.getByText('You are talking to the built-in guide').waitFor()
  })
  afterAll(() => stage?.close())
  afterEach(() => {
    expect(ada.complaints).toEqual([])
  })

  const scim = async (token: string, method: string, path: string, body?: unknown) => {
    const response = await fetch(`${stage.server.url}/scim/v2${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: (await response.json()) as { id: string } }
  }

  let token = ''

  test('an administrator makes a token, and a directory provisions with it', async () => {
    await page.goto('/settings/models')
    await page.getByRole('link', { name: 'Provisioning' }).click()
    await page.getByRole('heading', { name: 'No directory is connected' }).waitFor()
    await page.getByText(`${stage.server.url}/scim/v2`, { exact: true }).waitFor()
    await expectAccessible(page, 'provisioning, empty')
    await photograph(page, 'provisioning-empty')
    await page.getByRole('button', { name: 'New token' }).click()
    await page.getByLabel('Name').fill('Okta')
    await expectAccessible(page, 'new token')
    await page.keyboard.press('Enter')
    token = (await page.getByTestId('new-token').textContent()) ?? ''
    expect(token).toMatch(/^scim_[\w-]{43}$/)
    await photograph(page, 'provisioning-token')
    await page.getByRole('button', { name: 'Done' }).click()
    await page.getByText('never used').waitFor()

    const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User']
    const person = { schemas, userName: 'grace@example.com', displayName: 'Grace Hopper' }
    const grace = await scim(token, 'POST', '/Users', person)
    expect(grace.status).toBe(201)
    const off = { schemas, userName: 'charles@example.com', displayName: 'Charles Babbage', active: false }
    expect((await scim(token, 'POST', '/Users', off)).status).toBe(201)
    await page.reload()
    await page.getByText('Charles Babbage').waitFor()
    await page.getByText('last used').waitFor()
    const counts = await page.locator('dl dd').allTextContents()
    expect(counts).toEqual(['1', '1', '0'])
    await expectAccessible(page, 'provisioning')
    await photograph(page, 'provisioning')
  })

  test('a group of the directory gives a role, which is changed there and not by hand', async () => {
    const grace = (await scim(token, 'GET', '/Users?filter=userName%20eq%20%22grace@example.com%22'))
      .body as unknown as {
      Resources: { id: string }[]
    }
    const schemas = ['urn:ietf:params:scim:schemas:core:2.0:Group']
    const members = [{ value: grace.Resources[0]!.id }]
    expect((await scim(token, 'POST', '/Groups', { schemas, displayName: 'Admins', members })).status).toBe(201)
    await page.reload()
    await page.getByText('No group gives a role yet.').waitFor()
    await page.getByRole('button', { name: 'Add role' }).click()
    await page.getByLabel('Role', { exact: true }).selectOption({ label: 'Admin' })
    await expectAccessible(page, 'a role for a group')
    await photograph(page, 'group-role-dialog')
    await page.getByRole('button', { name: 'Give role' }).click()
    await page.getByRole('list', { name: 'Groups that give a role' }).getByText('Admins', { exact: true }).waitFor()
    await page.getByLabel('Role that Admins gives').selectOption({ label: 'Viewer' })
    await page.getByText('Admins gives Viewer now.').waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('Admins gives Admin now.').waitFor()
    await expectAccessible(page, 'provisioning with roles')
    await photograph(page, 'provisioning-roles')
    await page.goto('/settings/people')
    const row = page.getByRole('listitem').filter({ hasText: 'Grace Hopper' })
    await row.getByText('role by a group of the directory').waitFor()
    await row.getByText('Admin', { exact: true }).waitFor()
    expect(await row.getByRole('combobox').count()).toBe(0)
    await photograph(page, 'people-role-by-group')
    await page.goto('/settings/groups')
    await page.getByText('gives Admin').waitFor()
    await page.getByRole('button', { name: '1 person in Admins' }).click()
    await page.getByText('only your directory says who is in it').waitFor()
    await expectAccessible(page, 'a group that gives a role')
    await photograph(page, 'group-gives-role')
    await page.goto('/settings/provisioning')
    await page.getByRole('button', { name: 'Take the role from Admins' }).click()
    await page.getByText('Admins gives no role any more.').waitFor()
    await page.getByText('No group gives a role yet.').waitFor()
  })

  test('the token is rotated with overlap, then revoked', async () => {
    await page.getByRole('button', { name: 'Rotate Okta' }).click()
    await expectAccessible(page, 'rotate')
    await page.getByRole('button', { name: 'Make the next token' }).click()
    const next = (await page.getByTestId('new-token').textContent()) ?? ''
    await page.getByRole('button', { name: 'Done' }).click()
    await page.getByText('The token before works until').waitFor()
    for (const each of [token, next]) expect((await scim(each, 'GET', '/Users')).status).toBe(200)
    await page.getByRole('button', { name: 'Revoke Okta' }).click()
    await page.getByRole('button', { name: 'Revoke token' }).click()
    await page.getByRole('heading', { name: 'No directory is connected' }).waitFor()
    for (const each of [token, next]) expect((await scim(each, 'GET', '/Users')).status).toBe(401)
  })

  test('a link that is no good is told, kindly', async () => {
    await page.goto('/join-workspace#token=nothing')
    await page.getByText('This link is for another account').waitFor()
    await expectAccessible(page, 'join a workspace')
    await photograph(page, 'join-over')
    // Who is not signed in is led back to the link afterwards.
    const stranger = await stage.open()
    await stranger.page.goto('/join-workspace#token=nothing')
    await stranger.page.getByLabel('Email').fill('ada@example.com')
    await stranger.page.getByLabel('Password').fill('correct horse battery staple')
    await stranger.page.getByRole('button', { name: 'Sign in' }).click()
    await stranger.page.getByText('This link is for another account').waitFor()
    expect(new URL(stranger.page.url()).hash).toBe('#token=nothing')
    expect(stranger.complaints).toEqual([])
  })
})
