import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { describeWithChromium } from '../../server/src/testing/services.ts'
import { expectAccessible, type Stage, setStage, type Window } from './harness.ts'
import { photograph } from './photograph.ts'

const password = 'correct horse battery staple'

/** Two people on one server: roles, groups, and a chat that both have open. Each test goes on where the last ended. */
describeWithChromium('roles, groups and sharing', () => {
  let stage: Stage
  let ada: Page
  let bea: Page
  const windows: Window[] = []

  beforeAll(async () => {
    stage = await setStage({ env: { PARLEY_SIGNUP: 'open' } })
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
    await bea.getByText('You are talking to the built-in guide').waitFor()
  })
  afterAll(() => stage?.close())
  afterEach(() => {
    expect(windows.flatMap(({ complaints }) => complaints)).toEqual([])
  })

  /** The page as it is: what is wrong with it, and pictures. */
  async function look(page: Page, name: string): Promise<void> {
    await expectAccessible(page, name)
    await photograph(page, `sharing-${name.replaceAll(' ', '-')}`)
  }

  test('a role is made of permissions that are explained, changed, and deleted with another in its place', async () => {
    await ada.goto('/settings/roles')
    await ada.getByRole('heading', { name: 'Owner' }).waitFor()
    await look(ada, 'roles')
    await ada.getByRole('button', { name: 'New role' }).click()
    await ada.getByLabel('Name').fill('Reviewer')
    await ada.getByLabel('Description').fill('Reads and comments.')
    await ada.getByLabel('Upload files').uncheck()
    await look(ada, 'new role')
    await ada.getByRole('button', { name: 'Make role' }).click()
    await ada.getByRole('heading', { name: 'Reviewer' }).waitFor()

    await ada.getByRole('button', { name: 'New role' }).click()
    await ada.getByLabel('Name').fill('reviewer')
    await ada.getByRole('button', { name: 'Make role' }).click()
    await ada.getByText('There is a role with this name already').waitFor()
    await ada.getByRole('button', { name: 'Cancel' }).click()

    await ada.getByRole('button', { name: 'Edit Reviewer' }).click()
    await ada.getByLabel('Make API keys').check()
    await ada.getByRole('button', { name: 'Save' }).click()
    await ada.getByRole('dialog').waitFor({ state: 'detached' })
    await ada.getByRole('button', { name: 'permissions of Reviewer' }).click()
    await ada.getByText('Make API keys').last().waitFor()
    await look(ada, 'role with permissions')

    // Bea has it: then another role takes its place.
    await ada.evaluate<void>(`(async () => {
      const headers = { 'parley-client': 'test' }
      const get = async (path) => (await fetch('/api/v1/' + path, { headers })).json()
      const role = (await get('roles?limit=200')).data.find(({ name }) => name === 'Reviewer')
      const bea = (await get('shareable-with?search=bea')).data[0]
      await fetch('/api/v1/roles/' + role.id + '/members/' + bea.id, { method: 'PUT', headers })
    })()`)
    await ada
      .locator('section', { has: ada.getByRole('heading', { name: 'Reviewer' }) })
      .getByText('1 person')
      .waitFor()
    await ada.getByRole('button', { name: 'Delete Reviewer' }).click()
    await ada.getByLabel('In its place').selectOption('member')
    await look(ada, 'delete role')
    await ada.getByRole('button', { name: 'Delete role' }).click()
    await ada.getByRole('heading', { name: 'Reviewer' }).waitFor({ state: 'detached' })
  })

  test('a group is made, and people are added by keyboard and taken out, with undo', async () => {
    await ada.goto('/settings/groups')
    await ada.getByRole('heading', { name: 'No groups yet' }).waitFor()
    await look(ada, 'no groups')
    await ada.getByRole('button', { name: 'New group' }).click()
    await ada.getByLabel('Name').fill('Friends of numbers')
    await ada.getByLabel('Description').fill('They like tables.')
    await ada.getByRole('button', { name: 'Make group' }).click()
    await ada.getByRole('button', { name: '0 people in Friends of numbers' }).click()
    const field = ada.getByRole('combobox', { name: 'Add people to Friends of numbers' })
    await field.fill('be')
    await ada.getByRole('option', { name: 'Bea Berg' }).waitFor()
    await look(ada, 'adding to a group')
    await field.press('Enter')
    const people = ada.getByRole('list', { name: 'People in Friends of numbers' })
    await people.getByText('Bea Berg').waitFor()
    await ada.getByRole('button', { name: 'Remove Bea Berg from Friends of numbers' }).click()
    await ada.getByText('Nobody is in it yet.').waitFor()
    await ada.getByRole('button', { name: 'Undo' }).click()
    await people.getByText('Bea Berg').waitFor()
    await look(ada, 'group')
  })

  test('a chat that is shared shows up at once, and both write in it under their names', async () => {
    await ada.goto('/')
    await ask(ada, 'How do I connect a model?')
    await ada.getByRole('button', { name: 'Answer again' }).waitFor()
    await bea.getByRole('button', { name: 'Shared with you' }).click()
    await bea.getByText('Chats that others share with you').waitFor()

    await ada.getByRole('main').getByRole('button', { name: 'Share', exact: true }).click()
    await ada.getByText('Only you see it').waitFor()
    const field = ada.getByRole('combobox', { name: 'Add people and groups' })
    await field.fill('friends')
    await ada.getByRole('option', { name: 'Friends of numbers' }).click()
    await ada.getByRole('list', { name: 'Shared with' }).getByText('Friends of numbers').waitFor()
    await look(ada, 'share dialog')
    await ada.getByRole('button', { name: 'Done' }).click()
    await ada.getByRole('main').getByRole('button', { name: 'Shared', exact: true }).waitFor()

    const row = bea.getByRole('link', { name: 'How do I connect a model?' })
    await row.click()
    await bea.getByRole('article', { name: 'Ada Lovelace' }).waitFor()
    await ask(bea, 'And how do I add a tool?')
    await ada.getByRole('article', { name: 'Bea Berg' }).waitFor()
    await ada.getByRole('button', { name: 'Answer again' }).nth(1).waitFor()
    await bea.getByRole('button', { name: 'Answer again' }).nth(1).waitFor()
    await look(ada, 'shared chat of its owner')
    await look(bea, 'shared chat of another')
  })

  test('who may only read has no way to write; who is taken out sees it no more', async () => {
    await ada.getByRole('main').getByRole('button', { name: 'Shared', exact: true }).click()
    await ada.getByLabel('What Friends of numbers may do').selectOption('view')
    await bea.getByText('Ada Lovelace shared this chat with you to read').waitFor()
    expect(await bea.getByRole('button', { name: 'Edit message' }).count()).toBe(0)
    expect(await bea.getByRole('button', { name: 'Answer again' }).count()).toBe(0)
    await look(bea, 'chat to read')
    await ada.getByRole('button', { name: 'Remove Friends of numbers' }).click()
    await bea.getByText('Chats that others share with you').waitFor()
    await bea.getByText('it is not yours to see').waitFor()
    await ada.getByRole('button', { name: 'Undo' }).click()
    await bea.getByRole('link', { name: 'How do I connect a model?' }).waitFor()
    // A list of people that is open does not move what is pressed below it.
    await ada.getByRole('combobox', { name: 'Add people and groups' }).fill('be')
    await ada.getByRole('option', { name: 'Bea Berg' }).waitFor()
    await ada.getByRole('button', { name: 'Done' }).click()
  })

  test('an MCP server is opened to chosen people only', async () => {
    await ada.goto('/settings/mcp-servers')
    await bea.goto('/settings/mcp-servers')
    await bea.getByRole('heading', { name: 'fixture' }).waitFor()
    await ada.getByRole('button', { name: 'More for fixture' }).click()
    await ada.getByRole('menuitem', { name: 'Who may use it' }).click()
    await ada.getByLabel('Only chosen people and groups').click()
    await ada.getByText('Nobody is chosen yet').waitFor()
    await bea.getByRole('heading', { name: 'No servers yet' }).waitFor()
    await ada.getByRole('combobox', { name: 'Add people and groups' }).fill('bea')
    await ada.getByRole('option', { name: 'Bea Berg' }).click()
    await ada.getByRole('list', { name: 'Shared with' }).getByText('Bea Berg').waitFor()
    await look(ada, 'who may use a server')
    await bea.getByRole('heading', { name: 'fixture' }).waitFor()
    await ada.getByLabel('What Bea Berg may do').selectOption('view')
    await bea.getByText('see only').waitFor()
    await ada.getByRole('button', { name: 'Done' }).click()
    await look(ada, 'servers')
  })

  async function ask(page: Page, question: string): Promise<void> {
    const composer = page.getByLabel('Message', { exact: true })
    await composer.fill(question)
    await composer.press('Enter')
  }
})
