import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { within } from '../../server/src/testing/pace.ts'
import { describeWithChromium } from '../../server/src/testing/services.ts'
import { expectAccessible, type Stage, setStage, type Window } from './harness.ts'

/** One person's first hour with Parley, on one server: each test goes on where the one before ended. */
describeWithChromium('journeys', () => {
  let stage: Stage
  let ada: Window
  let page: Page
  const windows: Window[] = []

  beforeAll(async () => {
    stage = await setStage()
    ada = await stage.open()
    windows.push(ada)
    page = ada.page
  })
  afterAll(() => stage?.close())
  afterEach(() => {
    expect(windows.flatMap(({ complaints }) => complaints)).toEqual([])
  })

  const composer = (on = page) => on.getByLabel('Message', { exact: true })
  const answers = (on = page) => on.getByRole('article', { name: 'Parley', exact: true })
  const finished = async (on = page) => {
    // While an answer is being written, there is a button to stop it instead.
    await on.getByRole('button', { name: 'Send', exact: true }).waitFor()
    await on.getByRole('button', { name: 'Answer again' }).last().waitFor()
  }
  const text = async (on = page) => (await answers(on).last().locator('.markdown').allInnerTexts()).join('\n')

  async function ask(question: string, on = page): Promise<void> {
    await composer(on).fill(question)
    await composer(on).press('Enter')
  }

  test('the set-up link makes the owner, and the guide answers with a citation that leads to the manual', async () => {
    await page.goto('/')
    await page.getByRole('heading', { name: 'Make it yours' }).waitFor()
    await page.goto(stage.server.setupUrl!)
    await page.getByLabel('Your name').fill('Ada Lovelace')
    await page.getByLabel('Workspace').fill('Engines')
    await page.getByLabel('Email').fill('ada@example.com')
    await page.getByLabel('Password').fill('correct horse battery staple')
    await expectAccessible(page, 'set-up')
    await page.getByRole('button', { name: 'Create workspace' }).click()
    await page.getByText('You are talking to the built-in guide').waitFor()
    await expectAccessible(page, 'first chat')

    await ask('How do I connect a model?')
    await finished()
    await answers().getByText('Built-in guide', { exact: true }).first().waitFor()
    // The reader is taken along to the end of what is written.
    await page.getByRole('group', { name: 'Sources' }).waitFor()
    await soon(() => page.evaluate<boolean>(sourcesInView)).toBe(true)
    await expectAccessible(page, 'answer of the guide')
    await answers().getByRole('link', { name: '[1]' }).first().click()
    await page.waitForURL(/\/docs\//)
    await page.getByRole('heading', { name: 'Models', level: 1 }).waitFor()
    await expectAccessible(page, 'manual')
  })

  test('signing out and in again leads back, and a wrong password is told', async () => {
    await page.goto('/settings/profile')
    await expectAccessible(page, 'profile')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL(/\/login/)
    await page.goto('/settings/models')
    await page.getByLabel('Email').fill('ada@example.com')
    await page.getByLabel('Password').fill('a wrong password')
    await expectAccessible(page, 'sign-in')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').filter({ hasText: /\S/ }).first().waitFor()
    await page.getByLabel('Password').fill('correct horse battery staple')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.waitForURL(/\/settings\/models/)
  })

  test('a provider is tried when it is added; a refused address is told and nothing is kept', async () => {
    await page.getByRole('button', { name: 'Add provider' }).click()
    await page.getByText('Custom', { exact: true }).click()
    await page.getByLabel('Name', { exact: true }).fill('Scripted')
    await page.getByLabel('Address').fill('http://127.0.0.1:9/v1')
    await page.getByRole('button', { name: 'Test and connect' }).click()
    await page.getByText('It did not work').waitFor()
    await expectAccessible(page, 'provider dialog')
    await page.getByLabel('Address').fill(stage.model.openaiBaseUrl)
    await page.getByRole('button', { name: 'Test and connect' }).click()
    await page.getByText('Working, 2 models').waitFor()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await expectAccessible(page, 'models')
  })

  test('an answer streams, and shows what is stored', async () => {
    await page.keyboard.press('Control+Shift+O')
    await page.getByText('What shall we talk through?').waitFor()
    await ask(`!slow 100 words ${within(20)}ms`)
    await page.waitForURL(/\/c\//)
    await answers().locator('.markdown').waitFor()
    const early = await text()
    expect(early.length).toBeGreaterThan(0)
    await finished()
    const final = await text()
    expect(final.length).toBeGreaterThan(early.length)
    await page.reload()
    await finished()
    expect(await text()).toBe(final)
    await expectAccessible(page, 'chat')
  })

  test('a whole turn with an approval goes by keyboard alone', async () => {
    await page.evaluate('document.activeElement.blur()')
    await composer().focus()
    await page.keyboard.type('!tool fixture__write_note {"text":"by keyboard"}')
    await page.keyboard.press('Enter')
    const approve = page.getByRole('button', { name: 'Approve once' })
    await approve.waitFor()
    await soon(() => page.getByTestId('announcements').textContent()).toMatch(/needs your decision/)
    await expectAccessible(page, 'approval')
    expect(stage.notes()).toEqual([])
    const focused = approve.and(page.locator(':focus'))
    for (let steps = 0; steps < 30 && (await focused.count()) === 0; steps++) await page.keyboard.press('Shift+Tab')
    await page.keyboard.press('Enter')
    await soon(() => stage.notes()).toEqual(['by keyboard'])
    await finished()
    await page.getByRole('group', { name: 'Tool Write a note: Done' }).last().waitFor()
  })

  test('edited arguments are the ones that run, and a denied call does not', async () => {
    await ask('!tool fixture__write_note {"text":"first thought"}')
    await page.getByRole('button', { name: 'Edit arguments' }).click()
    await page.getByRole('group', { name: 'Tool Write a note: Needs you' }).getByLabel('text').fill('second thought')
    await page.getByRole('button', { name: 'Approve once' }).click()
    await soon(() => stage.notes()).toEqual(['by keyboard', 'second thought'])
    await finished()
    await ask('!tool fixture__write_note {"text":"never"}')
    await page.getByRole('button', { name: 'Deny' }).click()
    await page.getByRole('group', { name: 'Tool Write a note: Denied' }).waitFor()
    await finished()
    expect(stage.notes()).toHaveLength(2)
  })

  test('a reload in mid-answer, and a second window, read the same answer to its end', async () => {
    const other = await stage.open({ as: ada, phone: true })
    windows.push(other)
    await other.page.goto(page.url())
    await composer(other.page).waitFor()
    await ask(`!slow 120 words ${within(20)}ms`)
    await answers().last().locator('.writing').waitFor()
    await other.page.locator('.writing').waitFor()
    await page.reload()
    await page.locator('.writing').waitFor()
    await Promise.all([
      page.locator('.writing').waitFor({ state: 'detached' }),
      other.page.locator('.writing').waitFor({ state: 'detached' }),
    ])
    const read = await text()
    expect(read.split(' ')).toHaveLength(120)
    expect(await text(other.page)).toBe(read)
    await expectAccessible(other.page, 'chat on a phone')
    await other.page.getByRole('button', { name: 'Show chats' }).click()
    await expectAccessible(other.page, 'chats on a phone')
    await other.context.close()
  })

  test('an answer goes on by itself in the open tab after the server was killed and started again', async () => {
    await ask(`!slow 150 words ${within(20)}ms`)
    await answers().last().locator('.writing').waitFor()
    await stage.crash()
    await page.locator('.writing').waitFor({ state: 'detached' })
    await finished()
    const read = await text()
    expect(read.split(' ')).toHaveLength(150)
    await page.reload()
    await finished()
    expect(await text()).toBe(read)
    await page.getByText('Connection lost').waitFor({ state: 'detached' })
    // What the browser itself says about the time without a server is no fault of the page.
    ada.complaints.splice(
      0,
      ada.complaints.length,
      ...ada.complaints.filter((one) => !/WebSocket connection/.test(one)),
    )
  })

  test('Escape stops an answer, and what was written stays', async () => {
    await ask(`!slow 400 words ${within(20)}ms`)
    await answers().last().locator('.writing').waitFor()
    const closed = stage.model.next('closed')
    await composer().press('Escape')
    await closed
    await page.getByText('Stopped.', { exact: true }).waitFor()
    expect((await text()).length).toBeGreaterThan(0)
  })

  test('editing and answering again make versions that can be stepped through', async () => {
    await page.getByRole('link', { name: 'New chat', exact: true }).click()
    await ask('!say version one')
    await finished()
    await page.getByRole('article', { name: 'You', exact: true }).hover()
    await page.getByRole('button', { name: 'Edit message' }).click()
    await page.getByLabel('Edit message').fill('!say version two')
    await page.getByLabel('Edit message').press('Enter')
    await page.getByText('2/2').waitFor()
    await soon(() => text()).toBe('version two')
    await page.getByRole('button', { name: 'Previous version' }).click()
    await soon(() => text()).toBe('version one')
    await page.getByRole('button', { name: 'Next version' }).click()
    await soon(() => text()).toBe('version two')
    await page.getByRole('button', { name: 'Answer again' }).click()
    await soon(() => page.getByText('2/2').count()).toBe(2)
    await finished()
  })

  test('a failed answer says what to do, and trying again works', async () => {
    await ask('!401')
    await page.getByText('The provider refused the key').waitFor()
    await expectAccessible(page, 'failed answer')
    await page.getByRole('link', { name: 'Open model settings' }).waitFor()
    stage.model.setScript(() => [{ type: 'text', text: 'Back again.' }])
    await page.getByRole('button', { name: 'Try again' }).click()
    await soon(() => text()).toBe('Back again.')
  })

  test('what could not be sent is kept over a reload, and sent once', async () => {
    await page.route('**/messages', (route) => (route.request().method() === 'POST' ? route.abort() : route.continue()))
    await ask('Do not lose me')
    const notSent = page.getByText(/^Not sent/)
    await notSent.waitFor()
    await expectAccessible(page, 'message not sent')
    await page.unroute('**/messages')
    await page.reload()
    await notSent.waitFor()
    await page.getByRole('button', { name: 'Send again' }).click()
    await notSent.waitFor({ state: 'detached' })
    await finished()
    expect(await page.getByText('Do not lose me', { exact: true }).count()).toBe(1)
  })

  test('a chat is renamed, found, deleted and had back', async () => {
    const row = page.getByRole('navigation', { name: 'Chats' }).getByRole('listitem').first()
    await row.hover()
    await row.getByRole('button').click()
    await page.getByRole('menuitem', { name: 'Rename' }).click()
    await page.getByLabel('Name of the chat').fill('A quite particular name')
    await page.keyboard.press('Enter')
    const link = page.getByRole('link', { name: 'A quite particular name' })
    await link.waitFor()
    await page.getByLabel('Search chats').fill('particular')
    await soon(() => row.count()).toBe(1)
    await link.focus()
    await page.keyboard.press('Delete')
    await expectAccessible(page, 'confirmation')
    await page.getByRole('button', { name: 'Delete chat' }).click()
    await link.waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Undo' }).click()
    await link.waitFor()
    await page.getByLabel('Search chats').fill('')
  })

  test('tools get policies', async () => {
    await page.goto('/settings/mcp-servers')
    await page.getByRole('button', { name: /\d+ tools/ }).click()
    const policy = page.getByLabel('When a model wants to use Write a note', { exact: true })
    await policy.selectOption('deny')
    await page.getByRole('button', { name: 'Back to the default for Write a note', exact: true }).click()
    await soon(() => policy.inputValue()).toBe('ask')
    await expectAccessible(page, 'MCP servers')
    await page.getByRole('button', { name: 'Add server' }).click()
    await page.getByText('As a program').click()
    await page.getByText('This runs a program on the server').waitFor()
    await expectAccessible(page, 'add MCP server')
    await page.keyboard.press('Escape')
  })

  test('what is not there is told as such', async () => {
    await page.goto('/nowhere')
    await page.getByText('There is nothing here').waitFor()
    await expectAccessible(page, 'not found')
    await page.goto('/c/01890000-0000-7000-8000-000000000000')
    await page.getByText('There is nothing here').waitFor()
  })
})

const sourcesInView = `document.querySelector('[aria-label=Sources]').getBoundingClientRect().bottom < innerHeight`

function soon<T>(read: () => T) {
  return expect.poll(read, { timeout: 10_000 })
}
