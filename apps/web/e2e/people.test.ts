import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { fromBase32, stepOf, totpCode } from '../../server/src/modules/identity/second-factor/totp.ts'
import { type MailServer, startMailServer } from '../../server/src/testing/mail-server.ts'
import { describeWithChromium } from '../../server/src/testing/services.ts'
import { expectAccessible, type Stage, setStage, type Window } from './harness.ts'
import { photograph } from './photograph.ts'

const password = 'correct horse battery staple'
const newPassword = 'quite another battery staple'

/** Inviting people and getting in, with a real mail server: each test goes on where the one before ended. */
describeWithChromium('people', () => {
  let smtp: MailServer
  let stage: Stage
  let ada: Window
  let bob: Window
  const windows: Window[] = []

  beforeAll(async () => {
    smtp = await startMailServer()
    stage = await setStage({ env: smtp.env })
    ada = await open()
    bob = await open({ phone: true })
    const { page } = ada
    await page.goto(stage.server.setupUrl!)
    await page.getByLabel('Your name').fill('Ada Lovelace')
    await page.getByLabel('Workspace').fill('Engines')
    await page.getByLabel('Email').fill('ada@example.com')
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Create workspace' }).click()
    await page.getByText('You are talking to the built-in guide').waitFor()
  })
  afterAll(async () => {
    await stage?.close()
    await smtp?.close()
  })
  afterEach(() => {
    // What the browser itself says when a session is ended under an open socket is no fault of the page.
    const complaints = windows.flatMap((each) => each.complaints).filter((one) => !/WebSocket connection/.test(one))
    expect(complaints).toEqual([])
  })

  async function open(options: Parameters<Stage['open']>[0] = {}): Promise<Window> {
    const window = await stage.open(options)
    windows.push(window)
    return window
  }

  async function signIn(page: Page, email: string, secret: string): Promise<void> {
    await page.goto('/login')
    await page.getByLabel('Email').fill(email)
    await page.getByLabel('Password', { exact: true }).fill(secret)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.waitForURL(/\/$/)
  }

  /** Sets up an authenticator app, and answers its key. */
  async function setUpApp(page: Page): Promise<Buffer> {
    await page.goto('/settings/security')
    await page.getByRole('button', { name: 'Set up' }).click()
    const key = fromBase32((await page.getByTestId('totp-secret').textContent())!.replaceAll(' ', ''))
    await page.getByLabel('Code from your authenticator app').fill(totpCode(key, stepOf(new Date()) - 1))
    await page.keyboard.press('Enter')
    await page.getByLabel('I have put them in a safe place.').check()
    await page.getByRole('button', { name: 'Done' }).click()
    return key
  }

  test('the owner invites by mail, and who follows the mailed link makes an account', async () => {
    const { page } = ada
    await page.goto('/settings/people')
    await page.getByText('ada@example.com').waitFor()
    await expectAccessible(page, 'people')
    await page.getByRole('button', { name: 'Invite' }).click()
    await page.getByLabel('Email addresses').fill('bob@example.com, ada@example.com')
    await expectAccessible(page, 'invite')
    await page.getByRole('dialog').getByRole('button', { name: 'Invite' }).click()
    // One went out; the other is told, and stays to be corrected.
    await page.getByText('The invitation is on its way.').waitFor()
    await page.getByText('This person is in the workspace already.').waitFor()
    await photograph(page, 'invite')
    await page.getByRole('button', { name: 'Cancel' }).click()
    const row = page.getByRole('listitem').filter({ hasText: 'bob@example.com' })
    await row.getByText('waiting').waitFor()
    await photograph(page, 'people')
    await expectAccessible(page, 'people with an invitation')

    const mail = await smtp.next('bob@example.com')
    expect(mail.subject).toBe('Ada Lovelace invites you to Engines')
    const guest = bob.page
    await guest.goto(mail.link)
    await guest.getByRole('heading', { name: 'Join Engines' }).waitFor()
    await guest.getByLabel('Your name').fill('Bob Babbage')
    await guest.getByLabel('Password').fill('letmein12345')
    await guest.getByText('commonly used password').waitFor()
    await expectAccessible(guest, 'invitation')
    await photograph(guest, 'invitation')
    await guest.getByRole('button', { name: 'Make my account' }).click()
    await guest.getByText('commonly used password').first().waitFor()
    await guest.getByLabel('Password').fill(password)
    await guest.getByRole('button', { name: 'Make my account' }).click()
    await guest.getByLabel('Message', { exact: true }).waitFor()
    await guest.goto(mail.link)
    await guest.getByRole('heading', { name: 'This link does not work' }).waitFor()
    await expectAccessible(guest, 'a used link')
  })

  test('a forgotten password is replaced through the mailed link', async () => {
    const { page } = bob
    await page.goto('/settings/profile')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL(/\/login/)
    await page.getByRole('link', { name: 'Forgot your password?' }).click()
    // The page to sign in has such a field, too, and is there until this one has come.
    await page.getByRole('heading', { name: 'Forgot your password?' }).waitFor()
    await page.getByLabel('Email').fill('bob@example.com')
    await expectAccessible(page, 'forgot password')
    await photograph(page, 'forgot-password')
    await page.getByRole('button', { name: 'Send me a link' }).click()
    await page.getByRole('heading', { name: 'Look into your inbox' }).waitFor()
    await expectAccessible(page, 'mail sent')
    await page.goto((await smtp.next('bob@example.com')).link)
    await page.getByRole('heading', { name: 'Choose a new password' }).waitFor()
    await page.getByLabel('New password').fill(newPassword)
    await expectAccessible(page, 'reset password')
    await page.getByRole('button', { name: 'Save password' }).click()
    await page.getByRole('heading', { name: 'Your password is new' }).waitFor()
    await page.getByRole('link', { name: 'Go to sign-in' }).click()
    await page.getByLabel('Email').fill('bob@example.com')
    await page.getByLabel('Password', { exact: true }).fill(newPassword)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByLabel('Message', { exact: true }).waitFor()
    expect((await smtp.next('bob@example.com')).subject).toBe('Your password has changed')
  })

  test('an address is changed once the new one is confirmed', async () => {
    const { page } = bob
    await page.goto('/settings/profile')
    await page.getByLabel('New email address').fill('robert@example.com')
    await page.getByLabel('Your password', { exact: true }).fill(newPassword)
    await page.getByRole('button', { name: 'Change address' }).click()
    await page.getByText('Open the link that we mailed').waitFor()
    await page.goto((await smtp.next('robert@example.com')).link)
    await expectAccessible(page, 'confirm address')
    await page.getByRole('button', { name: 'Yes, confirm it' }).click()
    await page.getByRole('heading', { name: 'Confirmed' }).waitFor()
    expect((await smtp.next('bob@example.com')).subject).toBe('Your email address is about to change')
    expect((await smtp.next('bob@example.com')).subject).toBe('Your email address has changed')
  })

  test('a role of one’s own making is given on the page, and goes when another takes its place', async () => {
    const { page } = ada
    await page.goto('/settings/roles')
    await page.getByRole('button', { name: 'New role' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Support')
    await page.getByLabel('See people').check()
    await page.getByRole('button', { name: 'Make role' }).click()
    await page.getByRole('heading', { name: 'Support' }).waitFor()
    await expectAccessible(page, 'roles')
    await photograph(page, 'roles')
    await page.goto('/settings/people')
    await page.getByLabel('Role of Bob Babbage').selectOption({ label: 'Support' })
    await page.getByText('Bob Babbage is Support now.').waitFor()
    await bob.page.goto('/settings/profile')
    await bob.page.getByText('robert@example.com, Support of Engines').waitFor()
    // One's own role is asked about, and the last owner's stays.
    await page.getByLabel('Role of Ada Lovelace').selectOption({ label: 'Support' })
    await page.getByRole('alertdialog', { name: 'Become Support?' }).waitFor()
    await expectAccessible(page, 'one’s own role')
    await page.getByRole('button', { name: 'Change my role' }).click()
    await page.getByText('A workspace needs an owner.').first().waitFor()
    expect(await page.getByLabel('Role of Ada Lovelace').inputValue()).toBe('owner')

    await page.goto('/settings/roles')
    await page.getByText('1 person', { exact: true }).nth(1).waitFor()
    await page.getByRole('button', { name: 'Delete Support' }).click()
    await page.getByLabel('In its place').selectOption({ label: 'Member' })
    await expectAccessible(page, 'delete a role')
    await page.getByRole('button', { name: 'Delete role' }).click()
    await page.getByText('“Support” is deleted.').waitFor()
    await bob.page.reload()
    await bob.page.getByText('robert@example.com, member of Engines').waitFor()
  })

  test('an admin resets the second step of someone who lost it, after proving who they are', async () => {
    await setUpApp(bob.page)
    const { page } = ada
    // Of a second window with a factor of her own, this one has shown nothing.
    const other = await open()
    await signIn(other.page, 'ada@example.com', password)
    const key = await setUpApp(other.page)
    await page.goto('/settings/people')
    await page.getByRole('button', { name: 'More for Bob Babbage' }).click()
    await photograph(page, 'people-actions')
    await page.getByRole('menuitem', { name: 'Reset second step' }).click()
    await page.getByRole('alertdialog', { name: 'Reset the second step of Bob Babbage?' }).waitFor()
    await expectAccessible(page, 'reset a second step')
    await photograph(page, 'reset-second-step')
    await page.getByRole('button', { name: 'Reset second step' }).click()
    await page.getByRole('dialog', { name: 'Confirm that it is you' }).waitFor()
    await page.getByLabel('Code from your authenticator app').fill(totpCode(key, stepOf(new Date())))
    await page.getByRole('button', { name: 'Confirm' }).click()
    await page.getByText('The second step of Bob Babbage is reset.').waitFor()
    await page.getByRole('button', { name: 'More for Bob Babbage' }).click()
    await page.getByRole('menuitem', { name: 'Remove' }).waitFor()
    expect(await page.getByRole('menuitem', { name: 'Reset second step' }).count()).toBe(0)
    await page.keyboard.press('Escape')
    await bob.page.waitForURL(/\/login/)
    expect((await smtp.next('robert@example.com')).subject).toBe('Your second step was reset')
    await signIn(bob.page, 'robert@example.com', newPassword)
  })

  test('a role is changed and taken back; who is removed is out', async () => {
    const { page } = ada
    await page.goto('/settings/people')
    const role = page.getByLabel('Role of Bob Babbage')
    await role.selectOption({ label: 'Viewer' })
    await page.getByText('Bob Babbage is Viewer now.').waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('Bob Babbage is Member now.').waitFor()
    await page.getByRole('button', { name: 'More for Bob Babbage' }).click()
    await page.getByRole('menuitem', { name: 'Remove' }).click()
    await expectAccessible(page, 'remove a person')
    await page.getByRole('button', { name: 'Remove', exact: true }).click()
    await page.getByText('Bob Babbage is out.').waitFor()
    await page.getByText('robert@example.com').waitFor({ state: 'detached' })
    await bob.page.goto('/')
    await bob.page.waitForURL(/\/login/)
  })

  test('by a link one joins with an account that is there; in two workspaces, one switches', async () => {
    const { page } = ada
    await page.goto('/settings/profile')
    await page.getByLabel('Another workspace').fill('Poetry')
    await page.getByRole('button', { name: 'Make workspace' }).click()
    await page.getByRole('button', { name: /Poetry/ }).waitFor()
    await page.goto('/settings/people')
    await page.getByRole('button', { name: 'Invite' }).click()
    await page.getByLabel('How', { exact: true }).selectOption('link')
    await page.getByRole('button', { name: 'Make link' }).click()
    const link = await page.getByTestId('invitation-link').innerText()
    await page.getByRole('button', { name: 'Done' }).click()
    await page.getByText('0 of 1 used').waitFor()

    // Carl has no account: he confirms an address first.
    const carl = (await open()).page
    await carl.goto(link)
    await carl.getByRole('heading', { name: 'Join Poetry' }).waitFor()
    await expectAccessible(carl, 'join by a link')
    await carl.getByLabel('Email').fill('carl@example.com')
    await carl.getByRole('button', { name: 'Send me a link' }).click()
    await carl.getByRole('heading', { name: 'Look into your inbox' }).waitFor()
    await carl.goto((await smtp.next('carl@example.com')).link)
    await carl.getByLabel('Your name').fill('Carl')
    await carl.getByLabel('Password').fill(password)
    await expectAccessible(carl, 'finish signing up')
    await carl.getByRole('button', { name: 'Make my account' }).click()
    await carl.getByRole('button', { name: /Poetry/ }).waitFor()

    await page.getByRole('button', { name: /Poetry/ }).click()
    await photograph(page, 'workspace-menu')
    await page.getByRole('menuitemradio', { name: 'Engines' }).click()
    await page.getByRole('button', { name: /Engines/ }).waitFor()
  })

  test('who has an account elsewhere joins with a press of a button', async () => {
    const { page } = ada
    await page.goto('/settings/people')
    await page.getByRole('button', { name: 'Invite' }).click()
    await page.getByLabel('Email addresses').fill('carl@example.com')
    await page.getByRole('dialog').getByRole('button', { name: 'Invite' }).click()
    await page.getByText('The invitation is on its way.').waitFor()
    const carl = (await open()).page
    await carl.goto((await smtp.next('carl@example.com')).link)
    await carl.getByText('There is an account for').waitFor()
    await carl.getByRole('link', { name: 'Sign in to accept' }).click()
    await carl.getByLabel('Email').fill('carl@example.com')
    await carl.getByLabel('Password', { exact: true }).fill(password)
    await carl.getByRole('button', { name: 'Sign in' }).click()
    await expectAccessible(carl, 'accept with an account')
    await photograph(carl, 'accept')
    await carl.getByRole('button', { name: 'Join as Carl' }).click()
    await carl.getByRole('button', { name: /Engines/ }).waitFor()
    await carl.goto('/settings/profile')
    await carl.getByRole('button', { name: 'Leave', exact: true }).click()
    await carl.getByRole('alertdialog').getByRole('button', { name: 'Leave' }).click()
    await carl.getByRole('button', { name: /Poetry/ }).waitFor()
  })
})
