import { mkdirSync } from 'node:fs'
import type { User } from '@parley/contract'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { describeWithChromium } from '../../server/src/testing/services.ts'
import { registerOwner } from '../../server/src/testing/start-server.ts'
import { expectAccessible, type Stage, setStage, type Window } from './harness.ts'

/** Where to keep pictures of the screens, for whoever wants to look at them. */
const pictures = process.env.PARLEY_TEST_PICTURES

/** Keys of a person, and of service accounts. */
describeWithChromium('API keys', () => {
  let stage: Stage
  let window: Window
  let page: Window['page']

  beforeAll(async () => {
    stage = await setStage()
    const owner = await registerOwner(stage.server.url, stage.server.setupUrl)
    window = await stage.open()
    page = window.page
    await page.goto('/login')
    await page.getByLabel('Email').fill(owner.email)
    await page.getByLabel('Password').fill(owner.password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByText('What shall we talk through?').waitFor()
  })
  afterAll(() => stage?.close())
  afterEach(() => expect(window.complaints).toEqual([]))

  async function picture(name: string): Promise<void> {
    if (pictures === undefined) return
    mkdirSync(pictures, { recursive: true })
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      for (const width of [1440, 390]) {
        await page.setViewportSize({ width, height: width === 390 ? 844 : 900 })
        await page.screenshot({ path: `${pictures}/${name}-${colorScheme}-${width}.png` })
      }
    }
    await page.emulateMedia({ colorScheme: 'light' })
    await page.setViewportSize({ width: 1440, height: 900 })
  }

  const ask = async (key: string | null, path = 'conversations') =>
    (await fetch(`${stage.server.url}/api/v1/${path}`, { headers: { authorization: `Bearer ${key}` } })).status

  async function shownKey(): Promise<string | null> {
    const key = await page.getByTestId('new-key').textContent()
    await page.getByRole('button', { name: 'Done' }).click()
    return key
  }

  async function choose(name: string, item: string): Promise<void> {
    await page.getByRole('button', { name: `More for ${name}` }).click()
    await page.getByRole('menuitem', { name: item }).click()
  }

  test('a key is made from a preset, limited, and used', async () => {
    await page.goto('/settings/api-keys')
    await page.getByText('No keys yet').waitFor()
    await expectAccessible(page, 'no API keys')
    await picture('empty')
    await page.getByRole('button', { name: 'New key' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Nightly script')
    await page.getByText('Read only').click()
    await page.getByText('Only some MCP servers').click()
    expect(await page.getByRole('button', { name: 'Make key' }).isDisabled()).toBe(true)
    await page.getByLabel('fixture', { exact: true }).check()
    await page.getByLabel('Addresses it may be used from').fill('not an address')
    await expectAccessible(page, 'new API key')
    await picture('new')
    await page.getByRole('button', { name: 'Make key' }).click()
    await page.getByText('Is not an address or network, such as').waitFor()
    await page.getByLabel('Addresses it may be used from').fill('127.0.0.0/8\n::1')
    await page.getByRole('button', { name: 'Make key' }).click()
    await page.getByTestId('new-key').waitFor()
    await expectAccessible(page, 'the new key')
    await picture('shown')
    const key = await shownKey()
    expect(await ask(key)).toBe(200)
    expect(await ask(key, 'service-accounts')).toBe(403)
    await page.getByText('1 MCP server').waitFor()
    await page.getByText('2 addresses').waitFor()
  })

  test('is changed, rotated with both secrets shown, and revoked', async () => {
    await choose('Nightly script', 'Change')
    await page.getByLabel('Name', { exact: true }).fill('Weekly script')
    await page.getByLabel('Addresses it may be used from').fill('127.0.0.1')
    await page.getByLabel('Stops working').selectOption('7')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Weekly script').waitFor()
    await page.getByText('127.0.0.1', { exact: true }).waitFor()
    await choose('Weekly script', 'Rotate')
    await page.getByLabel('The old secret works on').selectOption('3600')
    await expectAccessible(page, 'rotation')
    await picture('rotate')
    await page.getByRole('button', { name: 'Rotate key' }).click()
    await page.getByText(/The old one, .* works until/).waitFor()
    const rotated = await shownKey()
    expect(await ask(rotated)).toBe(200)
    await page.getByText('old secret, works until').waitFor()
    await expectAccessible(page, 'API keys')
    await picture('list')
    await choose('Weekly script', 'Revoke')
    await page.getByRole('button', { name: 'Revoke key' }).click()
    await page.getByText('No keys yet').waitFor()
    expect(await ask(rotated)).toBe(401)
  })

  test('a signing key shows its second secret, and alone opens nothing', async () => {
    await page.getByRole('button', { name: 'New key' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Signed')
    await page.getByLabel('Requests have to be signed').selectOption('hmac-sha256')
    await page.getByRole('button', { name: 'Make key' }).click()
    expect(await page.getByTestId('new-signing-secret').textContent()).toMatch(/^mcps_/)
    await expectAccessible(page, 'a key and its signing secret')
    expect(await ask(await shownKey())).toBe(401)
    await page.getByText('signed', { exact: true }).waitFor()
  })

  test('a leaked key is shown as such', async () => {
    await page.getByRole('button', { name: 'New key' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Pushed to a repository')
    await page.getByRole('button', { name: 'Make key' }).click()
    const key = await shownKey()
    await fetch(`${stage.server.url}/api/v1/leaked-keys`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ keys: [key] }),
    })
    await page.reload()
    await page.getByText('leaked, revoked').waitFor()
    await expectAccessible(page, 'a leaked key')
    await picture('leaked')
  })

  test('a service account is made, given a key, changed and deleted', async () => {
    await page.getByRole('link', { name: 'Service accounts' }).click()
    await page.getByText('No service accounts yet').waitFor()
    await expectAccessible(page, 'no service accounts')
    await page.getByRole('button', { name: 'New service account' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Report bot')
    await page.getByLabel('What it is for').fill('Writes the weekly report.')
    await expectAccessible(page, 'new service account')
    await picture('account-new')
    await page.getByRole('button', { name: 'Make account' }).click()
    await page.getByRole('heading', { name: 'Report bot' }).waitFor()
    await page.getByRole('button', { name: 'New key' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Cron')
    await page.getByRole('button', { name: 'Make key' }).click()
    const key = await shownKey()
    const me = await fetch(`${stage.server.url}/api/v1/me`, { headers: { authorization: `Bearer ${key}` } })
    expect(await me.json()).toMatchObject({ name: 'Report bot', kind: 'service' } satisfies Partial<User>)
    await page.getByText('Cron').waitFor()
    await expectAccessible(page, 'a service account')
    await picture('account')
    await page.getByRole('button', { name: 'Change', exact: true }).click()
    await page.getByLabel('Role').selectOption('viewer')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('viewer', { exact: true }).waitFor()
    await page.getByRole('link', { name: 'Service accounts' }).last().click()
    await page.getByText('1 key').waitFor()
    await expectAccessible(page, 'service accounts')
    await picture('accounts')
    await page.getByRole('link', { name: /Report bot/ }).click()
    await page.getByRole('button', { name: 'Delete', exact: true }).click()
    await page.getByRole('button', { name: 'Delete account' }).click()
    await page.getByText('No service accounts yet').waitFor()
    expect(await ask(key)).toBe(401)
  })
})
