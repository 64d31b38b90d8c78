import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeWithChromium } from '../../server/src/testing/services.ts'
import { registerOwner } from '../../server/src/testing/start-server.ts'
import { expectAccessible, type Stage, setStage, type Window } from './harness.ts'
import { photograph } from './photograph.ts'

describeWithChromium('privacy filter', () => {
  let stage: Stage
  let window: Window
  let page: Page

  beforeAll(async () => {
    stage = await setStage()
    const owner = await registerOwner(stage.server.url, stage.server.setupUrl)
    await owner.json('POST', '/api/v1/model-providers', {
      name: 'Scripted',
      protocol: 'openai',
      baseUrl: stage.model.openaiBaseUrl,
      apiKey: 'sk-test',
    })
    window = await stage.open()
    page = window.page
    await page.goto('/login')
    await page.getByLabel('Email').fill('owner@example.com')
    await page.getByLabel('Password', { exact: true }).fill('a long test password')
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.waitForURL('/')
  })
  afterAll(() => stage?.close())

  test('an owner has private data replaced; the chat reads as if nothing had been', async () => {
    stage.model.setScript(({ userText }) => [{ type: 'text', text: `I shall write to the address in “${userText}”` }])
    await page.goto('/settings/privacy')
    await page.getByText('Nothing so far.').waitFor()
    await page.getByLabel('Replace').check()
    await page.getByText('Saved.').waitFor()
    await page.goto('/')
    await page.getByLabel('Message', { exact: true }).fill('Write to ada@example.com, please.')
    await page.getByLabel('Message', { exact: true }).press('Enter')
    await page.getByText('I shall write to the address in “Write to ada@example.com, please.”').waitFor()
    expect(JSON.stringify(stage.model.requests.map(({ body }) => body))).not.toContain('ada@example.com')
    await page.goto('/settings/privacy')
    await page.getByText('Email addresses', { exact: true }).waitFor()
    await expectAccessible(page, 'privacy filter')
    await photograph(page, 'privacy')
    expect(window.complaints).toEqual([])
  })
})
