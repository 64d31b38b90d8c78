import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { describeWithChromium } from '../../server/src/testing/services.ts'
import { expectAccessible, type Stage, setStage, type Window } from './harness.ts'

/** Where to keep pictures of the screens, to look at them; none where it is not set. */
const pictures = process.env.PARLEY_TEST_PICTURES

/** What people see of usage, budgets and limits, on one server: each test goes on where the one before ended. */
describeWithChromium('usage, budgets and limits', () => {
  let stage: Stage
  let ada: Window
  let page: Page
  const windows: Window[] = []

  beforeAll(async () => {
    stage = await setStage()
    ada = await stage.open()
    windows.push(ada)
    page = ada.page
    stage.model.setScript(({ system }) =>
      system.startsWith('Write a title')
        ? [{ type: 'text', text: 'A scripted talk' }]
        : [
            { type: 'text', text: 'Here it is.' },
            { type: 'finish', usage: { input: 2_000, cachedInput: 400, output: 500 } },
          ],
    )
    await page.goto('/')
    await page.getByRole('heading', { name: 'Make it yours' }).waitFor()
    await page.goto(stage.server.setupUrl!)
    await page.getByLabel('Your name').fill('Ada Lovelace')
    await page.getByLabel('Workspace').fill('Engines')
    await page.getByLabel('Email').fill('ada@example.com')
    await page.getByLabel('Password').fill('correct horse battery staple')
    await page.getByRole('button', { name: 'Create workspace' }).click()
    await page.getByText('You are talking to the built-in guide').waitFor()
    await page.goto('/settings/models')
    await page.getByRole('button', { name: 'Add provider' }).click()
    await page.getByText('Custom', { exact: true }).click()
    await page.getByLabel('Name', { exact: true }).fill('Scripted')
    await page.getByLabel('Address').fill(stage.model.openaiBaseUrl)
    await page.getByRole('button', { name: 'Test and connect' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  })
  afterAll(() => stage?.close())
  afterEach(() => {
    expect(windows.flatMap(({ complaints }) => complaints)).toEqual([])
  })

  const picture = async (name: string, on = page) => {
    if (pictures) await on.screenshot({ path: `${pictures}/${name}.png`, fullPage: true })
  }
  const ask = async (question: string) => {
    await page.goto('/')
    await page.getByLabel('Message', { exact: true }).fill(question)
    await page.getByLabel('Message', { exact: true }).press('Enter')
    await page.waitForURL(/\/c\//)
    await page
      .getByRole('button', { name: 'Answer again' })
      .or(page.getByRole('button', { name: 'Try again' }))
      .last()
      .waitFor()
  }

  test('before anything was asked, the pages say so', async () => {
    await page.goto('/settings/usage')
    await page.getByText('No usage in these days').waitFor()
    await expectAccessible(page, 'empty usage')
    await page.goto('/settings/budgets')
    await page.getByText('No budgets yet').waitFor()
    await expectAccessible(page, 'no budgets')
  })

  test('a budget is made with the keyboard’s own form, and what is wrong is told beside the field', async () => {
    await page.getByRole('button', { name: 'New budget' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('Team tokens')
    await dialog.getByLabel('In', { exact: true }).selectOption('tokens')
    await dialog.getByLabel('Each', { exact: true }).selectOption('day')
    await dialog.getByLabel('Amount').fill('a lot')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByText('A whole number').waitFor()
    await expectAccessible(page, 'budget dialog')
    await picture('budget-dialog')
    await dialog.getByLabel('Amount').fill('30 000')
    await dialog.getByLabel('Warn at percent').fill('8, 90')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByText('30,000 tokens a day for the workspace').waitFor()
  })

  test('an answer moves the bar while one looks, and a passed threshold is told above every page', async () => {
    const other = await stage.open({ as: ada })
    windows.push(other)
    await other.page.goto('/settings/budgets')
    await other.page.getByText('30,000 tokens a day for the workspace').waitFor()
    await ask('How are you?')
    await other.page.getByText(/^\d % used$/).waitFor()
    await other.page.getByText(/of the budget “Team tokens” are used/).waitFor()
    await other.page.getByRole('button', { name: 'Put away' }).click()
    await other.page.getByText(/of the budget “Team tokens” are used/).waitFor({ state: 'detached' })
    await page.goto('/settings/budgets')
    await page
      .getByText(/% used/)
      .first()
      .waitFor()
    await expectAccessible(page, 'budgets')
    await picture('budgets')
    await other.context.close()
    windows.splice(windows.indexOf(other), 1)
  })

  test('usage is shown as a chart that the keyboard reads, a table, single calls, and files', async () => {
    for (let turn = 0; turn < 2; turn += 1) await ask(`Question ${turn}`)
    await page.goto('/settings/workspace-usage')
    await page.getByLabel('Shown').selectOption('tokens')
    const chart = page.getByRole('group', { name: /Tokens by day and model/ })
    await chart.waitFor()
    await page.locator('canvas').first().waitFor()
    await chart.focus()
    await page.keyboard.press('End')
    await page
      .locator('figcaption')
      .getByText(/scripted\/scripted-large: /)
      .waitFor()
    const row = page.getByRole('region', { name: 'Model' }).getByRole('row', { name: /scripted-large/ })
    await row.getByText('not known').waitFor()
    await expectAccessible(page, 'workspace usage')
    await picture('workspace-usage')
    await page.getByLabel('By', { exact: true }).selectOption('person')
    await page
      .getByRole('region', { name: 'Person' })
      .getByRole('row', { name: /Ada Lovelace/ })
      .waitFor()
    await page.getByText('Single calls').click()
    await page
      .getByText(/2,000 in · 500 out/)
      .first()
      .waitFor()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'Export as CSV' }).click(),
    ])
    expect(download.suggestedFilename()).toMatch(/^usage-.*\.csv$/)
    await page.goto('/settings/usage')
    await page.getByText('Team tokens').first().waitFor()
    await page.locator('canvas').first().waitFor()
    await expectAccessible(page, 'own usage')
    await picture('own-usage')
  })

  test('used up: the answer says which budget, what is left and what to do; a larger one lets it go on', async () => {
    await page.goto('/settings/budgets')
    const change = async (amount: string) => {
      await page.getByRole('button', { name: 'More for Team tokens' }).click()
      await page.getByRole('menuitem', { name: 'Change' }).click()
      await page.getByRole('dialog').getByLabel('Amount').fill(amount)
      await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
      await page.getByRole('dialog').waitFor({ state: 'detached' })
    }
    await change('7000')
    await ask('One more')
    await page.getByText('A budget is used up').waitFor()
    await page
      .getByText(/The budget “Team tokens” \(7,000 tokens a day\) is used up\..*ask an admin for more/)
      .waitFor()
    await expectAccessible(page, 'budget used up')
    await picture('budget-used-up')
    const chat = page.url()
    await page.goto('/settings/budgets')
    await change('1000000')
    await page.goto(chat)
    await page.getByRole('button', { name: 'Try again' }).click()
    await page.getByText('Here it is.').waitFor()
  })

  test('time zone and what a single answer may take are kept', async () => {
    await page.goto('/settings/budgets')
    await page.getByLabel('Time zone').selectOption('Europe/Berlin')
    await page.getByLabel('Tool calls').fill('12')
    await page.getByLabel('US dollars').fill('2.50')
    await page.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Saved.').waitFor()
    await page.reload()
    const toolCalls = () => page.getByLabel('Tool calls').inputValue()
    await expect.poll(toolCalls).toBe('12')
    expect(await page.getByLabel('US dollars').inputValue()).toBe('2.5')
    expect(await page.getByLabel('Time zone').inputValue()).toBe('Europe/Berlin')
  })

  test('a limit is set for each person, and what is wrong is told beside the field', async () => {
    await page.goto('/settings/limits')
    await page.getByText('The plan counts for everyone').waitFor()
    await page.getByText('1,000 messages an hour · 10,000,000 tokens a day').waitFor()
    await expectAccessible(page, 'limits, none set')
    await page.getByRole('button', { name: 'New limit' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Messages an hour').fill('a few')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByText('A whole number').waitFor()
    await dialog.getByLabel('Messages an hour').fill('')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByText('Set requests an hour, tokens a day, or both.').first().waitFor()
    await dialog.getByLabel('Messages an hour').fill('2')
    await expectAccessible(page, 'limit dialog')
    await picture('limit-dialog')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByText('Each person of the workspace').first().waitFor()
    await page.getByText('2 messages an hour').waitFor()
    await expectAccessible(page, 'limits')
    await picture('limits')
  })

  test('a message over the limit is kept, says which limit and when, and is sent once there is room', async () => {
    for (const question of ['First', 'Second']) await ask(question)
    await page.getByLabel('Message', { exact: true }).fill('Third')
    await page.getByLabel('Message', { exact: true }).press('Enter')
    await page.getByText(/That is all that is set for this workspace: 2 an hour for your messages/).waitFor()
    await page.getByText(/Your message is kept and sent by itself at/).waitFor()
    await expectAccessible(page, 'limit reached')
    await picture('limit-reached')

    const other = await stage.open({ as: ada })
    windows.push(other)
    await other.page.goto('/settings/usage')
    const bar = other.page.getByRole('progressbar', { name: 'your messages' })
    await bar.waitFor()
    expect(await bar.getAttribute('aria-valuenow')).toBe('100')
    await other.page.goto('/settings/limits')
    await other.page.getByRole('button', { name: 'More for Each person of the workspace' }).click()
    await other.page.getByRole('menuitem', { name: 'Remove' }).click()
    await other.page.getByRole('button', { name: 'Remove' }).click()
    await other.page.getByText('The plan counts for everyone').waitFor()
    await page.getByRole('button', { name: 'Try now' }).click()
    await page.getByText(/Your message is kept/).waitFor({ state: 'detached' })
    await expect.poll(() => page.getByText('Here it is.').count()).toBe(2)
  })

  test('in the dark and on a phone', async () => {
    const dark = await stage.open({ as: ada, dark: true })
    const phone = await stage.open({ as: ada, phone: true })
    windows.push(dark, phone)
    for (const [name, window] of [
      ['dark', dark],
      ['phone', phone],
    ] as const) {
      for (const path of ['workspace-usage', 'budgets', 'usage', 'limits']) {
        await window.page.goto(`/settings/${path}`)
        await window.page
          .getByText({ budgets: 'Team tokens', limits: 'Enterprise' }[path] ?? 'Tokens in')
          .first()
          .waitFor()
        if (path === 'workspace-usage') await window.page.getByLabel('Shown').selectOption('tokens')
        if (path.endsWith('usage')) await window.page.locator('canvas').first().waitFor()
        const wide = await window.page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
        expect(wide, `${path} on ${name}`).toBeLessThanOrEqual(0)
        await picture(`${path}-${name}`, window.page)
      }
    }
  })
})
