import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { describeWithChromium } from '../../server/src/testing/services.ts'
import { expectAccessible, type Stage, setStage, type Window } from './harness.ts'
import { photograph } from './photograph.ts'

const password = 'correct horse battery staple'
const instructions = 'Answer like a pirate, in one sentence.'

/** Two people on one server and a preset that goes from one to the other. Each test goes on where the last ended. */
describeWithChromium('presets', () => {
  let stage: Stage
  let ada: Page
  let bea: Page
  const windows: Window[] = []

  beforeAll(async () => {
    stage = await setStage({ env: { PARLEY_SIGNUP: 'open' } })
    stage.model.setScript(({ system }) => [
      { type: 'text', text: system.startsWith('Write a title') ? 'A talk of treasure' : 'By the old oak, where else.' },
    ])
    windows.push(await stage.open(), await stage.open())
    ada = windows[0]!.page
    bea = windows[1]!.page
    await ada.goto(stage.server.setupUrl!)
    await ada.getByLabel('Your name').fill('Ada Lovelace')
    await ada.getByLabel('Workspace').fill('Engines')
    await ada.getByLabel('Email').fill('ada@example.com')
    await ada.getByLabel('Password').fill(password)
    await ada.getByRole('button', { name: 'Create workspace' }).click()
    await ada.getByText('You are talking to the built-in guide').waitFor()
    await ada.goto('/settings/models')
    await ada.getByRole('button', { name: 'Add provider' }).click()
    await ada.getByText('Custom', { exact: true }).click()
    await ada.getByLabel('Name', { exact: true }).fill('Scripted')
    await ada.getByLabel('Address').fill(stage.model.openaiBaseUrl)
    await ada.getByRole('button', { name: 'Test and connect' }).click()
    await ada.getByRole('dialog').waitFor({ state: 'detached' })
    const registered = await fetch(`${stage.server.url}/api/v1/auth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email: 'bea@example.com', password, name: 'Bea Berg' }),
    })
    expect(registered.status).toBe(201)
    await bea.goto('/login')
    await bea.getByLabel('Email').fill('bea@example.com')
    await bea.getByLabel('Password').fill(password)
    await bea.getByRole('button', { name: 'Sign in', exact: true }).click()
    await bea.getByText('What shall we talk through?').waitFor()
  })
  afterAll(() => stage?.close())
  afterEach(() => {
    expect(windows.flatMap(({ complaints }) => complaints)).toEqual([])
  })

  /** The page as it is: what is wrong with it, and pictures. */
  async function look(page: Page, name: string): Promise<void> {
    await expectAccessible(page, name)
    await photograph(page, `presets-${name.replaceAll(' ', '-')}`)
  }
  async function ask(page: Page, question: string): Promise<void> {
    const answers = page.getByRole('article', { name: 'Parley' })
    const before = await answers.count()
    await page.getByLabel('Message', { exact: true }).fill(question)
    await page.getByLabel('Message', { exact: true }).press('Enter')
    await page.getByRole('button', { name: 'Answer again' }).nth(before).waitFor()
  }
  /** What the model was told before the conversation, for an answer. */
  const told = () => stage.model.requests.findLast(({ system }) => !/^write a title/i.test(system))!.system
  const picker = (page: Page) => page.getByTestId('preset-picker')
  const row = (page: Page, name: string) =>
    page.getByRole('listitem').filter({ has: page.getByText(name, { exact: true }) })
  const more = async (page: Page, name: string, item: string) => {
    await page.getByRole('button', { name: `More for ${name}`, exact: true }).click()
    await page.getByRole('menuitem', { name: item }).click()
  }

  test('the first one is made, changed and duplicated', async () => {
    await ada.goto('/settings/presets')
    await ada.getByRole('heading', { name: 'No presets yet' }).waitFor()
    await look(ada, 'none')
    await ada.getByRole('button', { name: 'Make the first' }).click()
    const dialog = ada.getByRole('dialog')
    await dialog.getByLabel('Name').fill('Pirate')
    await dialog.getByLabel('Description').fill('For a laugh on Fridays.')
    await dialog.getByLabel('Instructions').fill(instructions)
    await dialog.getByLabel('Model').selectOption({ label: 'scripted-small (Scripted)' })
    await dialog.getByLabel('Tokens an answer may have').fill('2.5')
    await dialog.getByLabel('Only those of chosen MCP servers').check()
    await dialog.getByLabel('fixture').check()
    await dialog.getByRole('button', { name: 'Make preset' }).click()
    await dialog.getByText('A whole number, such as 1000, or nothing.').waitFor()
    await look(ada, 'dialog')
    await dialog.getByLabel('Tokens an answer may have').fill('1000')
    await dialog.getByRole('button', { name: 'Make preset' }).click()
    await dialog.waitFor({ state: 'detached' })
    await row(ada, 'Pirate').getByText('scripted-small · tools of 1 server').waitFor()

    await more(ada, 'Pirate', 'Duplicate')
    await row(ada, 'Copy of Pirate').waitFor()
    await more(ada, 'Copy of Pirate', 'Edit')
    await dialog.getByLabel('Name').fill('Parrot')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await row(ada, 'Parrot').waitFor()
    await look(ada, 'list')
    await ada.getByLabel('Search presets').fill('parr')
    await row(ada, 'Pirate').waitFor({ state: 'detached' })
    await ada.getByLabel('Search presets').fill('nothing like it')
    await ada.getByText('No preset is called “nothing like it”.').waitFor()
    await ada.getByLabel('Search presets').fill('')
    await more(ada, 'Parrot', 'Delete')
    await ada.getByRole('button', { name: 'Delete preset' }).click()
    await row(ada, 'Parrot').waitFor({ state: 'detached' })
  })

  test('a change that came from elsewhere meanwhile is not overwritten', async () => {
    await more(ada, 'Pirate', 'Edit')
    const dialog = ada.getByRole('dialog')
    await dialog.getByLabel('Description').fill('For a laugh.')
    await ada.evaluate<void>(`(async () => {
      const headers = { 'parley-client': 'test', 'content-type': 'application/json' }
      const { data } = await (await fetch('/api/v1/presets', { headers })).json()
      const body = JSON.stringify({ description: 'From elsewhere.' })
      await fetch('/api/v1/presets/' + data[0].id, { method: 'PATCH', headers, body })
    })()`)
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByText('Somebody changed this preset while you did').waitFor()
    await dialog.getByRole('button', { name: 'Show the newer version' }).click()
    await expect.poll(() => dialog.getByLabel('Description').inputValue()).toBe('From elsewhere.')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'detached' })
  })

  test('a chat begins with it, and the model is told; it is taken off and chosen again by keyboard', async () => {
    await ada.getByRole('link', { name: 'New chat with Pirate' }).click()
    await picker(ada).getByText('Pirate').waitFor()
    await ada.getByTestId('model-picker').getByText('scripted-small').waitFor()
    await look(ada, 'new chat')
    await ask(ada, 'Where is the treasure?')
    expect(told()).toContain(instructions)
    await picker(ada).focus()
    await ada.keyboard.press('Enter')
    await ada.getByRole('menuitemradio', { name: 'No preset' }).waitFor()
    await look(ada, 'choosing')
    await ada.keyboard.press('Home')
    await ada.keyboard.press('Enter')
    await picker(ada).getByText('Pirate').waitFor({ state: 'detached' })
    await ask(ada, 'And the ship?')
    expect(told()).not.toContain('pirate')
    await picker(ada).click()
    await ada.getByRole('menuitemradio', { name: 'Pirate' }).click()
    await picker(ada).getByText('Pirate').waitFor()
    await ask(ada, 'And the crew?')
    expect(told()).toContain(instructions)
    await look(ada, 'chat')
  })

  test('shared with a person, it is theirs to chat with and not to change', async () => {
    await bea.goto('/settings/presets')
    await bea.getByRole('heading', { name: 'No presets yet' }).waitFor()
    await ada.goto('/settings/presets')
    await more(ada, 'Pirate', 'Share')
    await ada.getByText('Only you have it').waitFor()
    await ada.getByRole('combobox', { name: 'Add people and groups' }).fill('bea')
    await ada.getByRole('option', { name: 'Bea Berg' }).click()
    await ada.getByRole('list', { name: 'Shared with' }).getByText('Bea Berg').waitFor()
    await look(ada, 'share')
    await ada.getByRole('button', { name: 'Done' }).click()
    await row(ada, 'Pirate').getByText('shared').waitFor()

    await row(bea, 'Pirate').getByText('Ada Lovelace · can chat').waitFor()
    await look(bea, 'shared with me')
    await bea.getByRole('button', { name: 'More for Pirate' }).click()
    expect(await bea.getByRole('menuitem', { name: 'Edit' }).count()).toBe(0)
    expect(await bea.getByRole('menuitem', { name: 'Delete' }).count()).toBe(0)
    await bea.getByRole('menuitem', { name: 'Look at it' }).click()
    await bea.getByText(instructions).waitFor()
    await look(bea, 'view')
    await bea.getByRole('button', { name: 'Close' }).first().click()
    await bea.getByRole('link', { name: 'New chat with Pirate' }).click()
    await picker(bea).getByText('Pirate').waitFor()
    await ask(bea, 'Ahoy?')
    expect(told()).toContain(instructions)
  })

  test('taken back, it is gone: the chat goes on without it and says so', async () => {
    await more(ada, 'Pirate', 'Share')
    await ada.getByRole('button', { name: 'Remove Bea Berg' }).click()
    await ada.getByText('Only you have it').waitFor()
    await ada.getByRole('button', { name: 'Done' }).click()
    await picker(bea).getByText('Preset not available').waitFor()
    await ask(bea, 'Still there?')
    expect(told()).not.toContain('pirate')
    await bea.getByText('Answered without the preset of this chat').waitFor()
    await picker(bea).click()
    await bea.getByText('was deleted, or is not shared with you').waitFor()
    await look(bea, 'not available')
    await bea.getByRole('menuitemradio', { name: 'No preset' }).click()
    await picker(bea).getByText('Preset not available').waitFor({ state: 'detached' })
    await ask(bea, 'And now?')
    expect(await bea.getByText('Answered without the preset of this chat').count()).toBe(1)

    // A link to it says that it is not theirs, and nothing of it.
    const link = (await ada.getByRole('link', { name: 'New chat with Pirate' }).getAttribute('href'))!
    await bea.goto(link)
    await bea.getByText('This preset is not here for you').waitFor()
    await look(bea, 'link to another’s')
    await bea.getByRole('button', { name: 'Go on without it' }).click()
    await bea.getByText('This preset is not here for you').waitFor({ state: 'detached' })
    await bea.goto('/settings/presets')
    await bea.getByRole('heading', { name: 'No presets yet' }).waitFor()
  })
})
