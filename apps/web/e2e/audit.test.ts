import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { eventually } from '../../server/src/testing/eventually.ts'
import { describeWithChromium } from '../../server/src/testing/services.ts'
import { expectAccessible, type Stage, setStage, type Window } from './harness.ts'
import { photograph } from './photograph.ts'

/** What owners see of the audit log, on one server: each test goes on where the one before ended. */
describeWithChromium('the audit log', () => {
  let stage: Stage
  let ada: Window
  let page: Page
  const received: string[] = []
  const receiver = createServer((request, response) => {
    request.on('data', (part) => received.push(String(part)))
    request.on('end', () => response.writeHead(204).end())
  })

  beforeAll(async () => {
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
    const { port } = receiver.address() as AddressInfo
    stage = await setStage({ egressAllow: [`127.0.0.1:${port}`] })
    ada = await stage.open()
    page = ada.page
    await page.goto('/')
    await page.getByRole('heading', { name: 'Make it yours' }).waitFor()
    await page.goto(stage.server.setupUrl!)
    await page.getByLabel('Your name').fill('Ada Lovelace')
    await page.getByLabel('Workspace').fill('Engines')
    await page.getByLabel('Email').fill('ada@example.com')
    await page.getByLabel('Password').fill('correct horse battery staple')
    await page.getByRole('button', { name: 'Create workspace' }).click()
    await page.getByText('You are talking to the built-in guide').waitFor()
    await page.goto('/settings/groups')
    await page.getByRole('button', { name: 'New group' }).first().click()
    await page.getByLabel('Name', { exact: true }).fill('Research')
    await page.getByRole('dialog').getByRole('button', { name: /group/i }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })
  afterAll(async () => {
    await stage?.close()
    receiver.close()
  })
  afterEach(() => {
    expect(ada.complaints).toEqual([])
  })

  test('it shows who did what, and an entry opens with all that it says', async () => {
    await page.goto('/settings/audit')
    const row = page.getByRole('button', { name: /Group made/ })
    await row.waitFor()
    await expectAccessible(page, 'the audit log')
    await photograph(page, 'audit')
    await row.focus()
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog', { name: 'Group made' })
    await dialog.getByRole('rowheader', { name: 'name' }).waitFor()
    expect(await dialog.getByRole('cell', { name: 'Research' }).count()).toBe(1)
    await expectAccessible(page, 'an entry of the audit log')
    await photograph(page, 'audit-entry')
    await dialog.getByRole('button', { name: 'All about Research' }).click()
    await page.getByRole('button', { name: /About Research/ }).waitFor()
    await eventually(async () => expect(await page.getByRole('button', { name: /Signed in/ }).count()).toBe(0))
  })

  test('filters narrow it, and say when nothing fits', async () => {
    await page.getByRole('button', { name: 'Show everything' }).click()
    await page.getByLabel('What').selectOption({ label: 'Role deleted' })
    await page.getByText('Nothing fits').waitFor()
    await page.getByRole('button', { name: 'Show everything' }).click()
    await page.getByRole('button', { name: /Signed in/ }).waitFor()
    await page.getByLabel('Log', { exact: true }).selectOption('installation')
    await eventually(async () => expect(await page.getByRole('button', { name: /Signed in/ }).count()).toBe(0))
    await page.getByLabel('Log', { exact: true }).selectOption('workspace')
  })

  test('it is checked, and exported', async () => {
    await page.getByRole('button', { name: 'Check now' }).click()
    await page.getByText('Nothing is wrong').waitFor()
    const downloading = page.waitForEvent('download')
    await page.getByRole('link', { name: 'Export' }).click()
    const path = await (await downloading).path()
    const lines = readFileSync(path, 'utf8').trim().split('\n')
    expect(JSON.parse(lines[0]!)).toMatchObject({ parleyAudit: 1, sieved: false })
    expect(lines.some((line) => line.includes('group.created'))).toBe(true)
  })

  test('keeping entries for less time asks first', async () => {
    await page.getByLabel('Days that entries are kept').fill('90')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Remove older entries' }).click()
    await page.getByText('Saved.').first().waitFor()
    await page.reload()
    await eventually(async () => expect(await page.getByLabel('Days that entries are kept').inputValue()).toBe('90'))
  })

  test('a webhook gets entries; its secret is shown once', async () => {
    const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/audit`
    await page.getByLabel('Address', { exact: true }).fill(url)
    await page.getByRole('button', { name: 'Send entries' }).click()
    await page.getByText('Copy the secret now').waitFor()
    await expectAccessible(page, 'a new webhook')
    await photograph(page, 'audit-webhook')
    await eventually(() => expect(received.join('')).toContain('audit.settings-changed'))
    await page.reload()
    await page.getByText('Everything is there.').waitFor()
    expect(await page.getByText('whsec_').count()).toBe(0)
    await page.getByRole('button', { name: 'Stop sending' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Stop sending' }).click()
    await page.getByRole('button', { name: 'Send entries' }).waitFor()
  })
})
