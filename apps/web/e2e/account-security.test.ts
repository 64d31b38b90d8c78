import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { CDPSession, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { fromBase32, stepOf, totpCode } from '../../server/src/modules/identity/second-factor/totp.ts'
import { describeWithChromium } from '../../server/src/testing/services.ts'
import { expectAccessible, type Stage, setStage, type Window } from './harness.ts'

const email = 'ada@example.com'
const password = 'correct horse battery staple'
/** Where to put pictures of the screens, for people to look at. */
const pictures = process.env.PARLEY_TEST_PICTURES

/** How an account is secured and signed in to, by one person on one server: each test goes on where the last one ended. */
describeWithChromium('account security', () => {
  let stage: Stage
  let ada: Window
  let page: Page
  let authenticator: Authenticator
  let recoveryCodes: string[] = []
  let secret: Buffer
  const windows: Window[] = []

  beforeAll(async () => {
    stage = await setStage({ host: 'localhost', env: { PARLEY_SIGNUP: 'open' } })
    ada = await open()
    page = ada.page
    authenticator = await addAuthenticator(page)
    await page.goto(stage.server.setupUrl!)
    await page.getByLabel('Your name').fill('Ada Lovelace')
    await page.getByLabel('Workspace').fill('Engines')
    await page.getByLabel('Email').fill(email)
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Create workspace' }).click()
    await page.getByText('You are talking to the built-in guide').waitFor()
  })
  afterAll(() => stage?.close())
  afterEach(() => {
    // What the browser itself says when a session is ended under an open socket is no fault of the page.
    const complaints = windows.flatMap((each) => each.complaints).filter((one) => !/WebSocket connection/.test(one))
    expect(complaints).toEqual([])
  })

  async function open(options: Parameters<Stage['open']>[0] = {}): Promise<Window> {
    const opened = await stage.open(options)
    windows.push(opened)
    return opened
  }

  /** Axe, and pictures in light and dark, wide and narrow. */
  async function inspect(where: string, on = page): Promise<void> {
    await expectAccessible(on, where)
    if (!pictures) return
    mkdirSync(pictures, { recursive: true })
    const { width, height } = on.viewportSize()!
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const narrow of [false, true]) {
        await on.setViewportSize(narrow ? { width: 390, height: 844 } : { width: 1440, height: 900 })
        await on.emulateMedia({ colorScheme })
        const name = `${where.replaceAll(' ', '-')}-${colorScheme}-${narrow ? 'phone' : 'wide'}.png`
        await on.screenshot({ path: join(pictures, name) })
        const overflow = await on.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
        expect(overflow, `${where} is wider than the window`).toBeLessThanOrEqual(0)
      }
    }
    await on.emulateMedia({ colorScheme: 'light' })
    await on.setViewportSize({ width, height })
  }

  const codeNow = (away = 0) => totpCode(secret, stepOf(new Date()) + away)

  /** Takes what is shown in the dialog, and closes it. */
  async function keepRecoveryCodes(on = page): Promise<string[]> {
    await on.getByRole('dialog', { name: 'Keep your recovery codes' }).waitFor()
    const shown = await on.getByTestId('recovery-code').allTextContents()
    await on.getByLabel('I have put them in a safe place.').check()
    await on.getByRole('button', { name: 'Done' }).click()
    return shown
  }

  async function signOut(): Promise<void> {
    await page.goto('/settings/profile')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.waitForURL(/\/login/)
  }

  async function enterPassword(on: Page): Promise<void> {
    await on.goto('/login')
    await on.getByLabel('Email').fill(email)
    await on.getByLabel('Password').fill(password)
    await on.getByRole('button', { name: 'Sign in', exact: true }).click()
  }

  test('a passkey is made, named, and comes with recovery codes that have to be kept', async () => {
    await page.goto('/settings/security')
    await page.getByText('Sign in with your fingerprint').waitFor()
    await inspect('security')
    await page.getByRole('button', { name: 'Add passkey' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Work laptop')
    await inspect('add passkey')
    await page.getByRole('button', { name: 'Make passkey' }).click()
    await page.getByRole('dialog', { name: 'Keep your recovery codes' }).waitFor()
    await inspect('recovery codes')
    expect(await page.getByRole('button', { name: 'Done' }).isDisabled()).toBe(true)
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download' }).click(),
    ])
    expect(download.suggestedFilename()).toBe('parley-recovery-codes.txt')
    recoveryCodes = await keepRecoveryCodes()
    expect(recoveryCodes).toHaveLength(10)
    await page.getByRole('list', { name: 'Your passkeys' }).getByText('Work laptop').waitFor()
    await page.getByText('10 of 10 left').waitFor()

    await page.getByRole('button', { name: 'Rename Work laptop' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Old laptop')
    await page.getByRole('button', { name: 'Save name' }).click()
    await page.getByRole('list', { name: 'Your passkeys' }).getByText('Old laptop').waitFor()
    await inspect('security with a passkey')
    const { credentials } = await authenticator.credentials()
    expect(credentials).toMatchObject([{ isResidentCredential: true, rpId: 'localhost' }])
  })

  test('the same device cannot be added twice, and says so', async () => {
    await page.getByRole('button', { name: 'Add passkey' }).click()
    await page.getByRole('button', { name: 'Make passkey' }).click()
    await page.getByRole('alert').getByText('has a passkey of yours already').waitFor()
    await page.getByRole('button', { name: 'Cancel' }).click()
  })

  test('the passkey signs in by itself from the email field, with neither email nor password', async () => {
    await signOut()
    // The virtual authenticator chooses at once what a person would choose from the suggestions.
    await page.waitForURL(/\/$/, { timeout: 60_000 })
    await page.getByText('What shall we talk through?').or(page.getByText('You are talking to')).first().waitFor()
  })

  test('the button signs in with the passkey, by keyboard, and a person who is not verified is refused', async () => {
    await authenticator.pause()
    await signOut()
    await page.getByRole('button', { name: 'Sign in with a passkey' }).waitFor()
    await inspect('sign-in')
    await authenticator.verified(false)
    await authenticator.resume()
    await page.getByRole('button', { name: 'Sign in with a passkey' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText('No passkey was used').waitFor()
    await authenticator.verified(true)
    await page.getByRole('button', { name: 'Sign in with a passkey' }).focus()
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/$/)
  })

  test('a password alone is not enough any more: the passkey is the second step, or a recovery code, once', async () => {
    const other = await open()
    await enterPassword(other.page)
    await other.page.getByRole('heading', { name: 'One more step' }).waitFor()
    await inspect('second step with a passkey', other.page)
    await other.page.getByRole('button', { name: 'Use a recovery code' }).click()
    await other.page.getByLabel('Recovery code').fill('0000-0000-0000')
    await other.page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await other.page.getByRole('alert').getByText('none of your recovery codes').waitFor()
    await other.page.getByLabel('Recovery code').fill(recoveryCodes[0]!)
    await inspect('second step with a recovery code', other.page)
    await other.page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await other.page.waitForURL(/\/$/)
    await other.page.goto('/settings/security')
    await other.page.getByText('9 of 10 left').waitFor()

    await authenticator.pause()
    await signOut()
    await enterPassword(page)
    await page.getByRole('heading', { name: 'One more step' }).waitFor()
    await authenticator.resume()
    await page.getByRole('button', { name: 'Use passkey' }).click()
    await page.waitForURL(/\/$/)
  })

  test('the list of sessions tells which is which, and ending one ends what is open there at once', async () => {
    await page.goto('/settings/sessions')
    const list = page.getByRole('list', { name: 'Your sessions' })
    await list.getByText('This one').waitFor()
    await inspect('sessions')
    const before = await list.getByRole('listitem').count()
    expect(before).toBeGreaterThanOrEqual(2)
    expect(await list.getByText(/^Chrome \d+ on Linux/).count()).toBe(before)
    expect(await list.getByText('on the server itself').count()).toBe(before)

    const elsewhere = windows.at(-1)!.page
    await elsewhere.goto('/settings/models')
    await elsewhere.getByRole('heading', { name: 'Models' }).waitFor()
    await page.getByRole('button', { name: 'Sign out everywhere else' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Sign out' }).click()
    await expect.poll(() => list.getByRole('listitem').count(), { timeout: 60_000 }).toBe(1)
    // Nobody touched that window: its socket was closed, and it went to the sign-in by itself.
    await elsewhere.waitForURL(/\/login\?next=/, { timeout: 60_000 })
  })

  test('an authenticator app is set up by its key, and its code is asked for and replaceable by keyboard', async () => {
    const old = await open()
    await enterPassword(old.page)
    await old.page.getByRole('button', { name: 'Use a recovery code' }).click()
    await old.page.getByLabel('Recovery code').fill(recoveryCodes[1]!)
    await old.page.keyboard.press('Enter')
    await old.page.waitForURL(/\/$/)

    await page.goto('/settings/security')
    await page.getByRole('button', { name: 'Set up' }).click()
    await page.getByRole('img', { name: 'QR code for your authenticator app' }).waitFor()
    await inspect('authenticator app')
    secret = fromBase32((await page.getByTestId('totp-secret').textContent())!.replaceAll(' ', ''))
    await page.getByLabel('Code from your authenticator app').fill('000000')
    await page.getByRole('button', { name: 'Confirm' }).click()
    await page.getByRole('alert').getByText('The code is wrong').waitFor()
    // The step before, so that those after it are still good.
    await page.getByLabel('Code from your authenticator app').fill(codeNow(-1))
    await page.keyboard.press('Enter')
    await page.getByText('The new authenticator app is in use.').waitFor()
    await page.getByText('On', { exact: true }).waitFor()

    await old.page.goto('/settings/profile')
    await old.page.getByRole('button', { name: 'Sign out' }).click()
    await old.page.waitForURL(/\/login/)
    await enterPassword(old.page)
    await old.page.getByRole('button', { name: 'Use your authenticator app' }).click()
    await inspect('second step with a code', old.page)
    await old.page.getByLabel('Code from your authenticator app').fill(codeNow())
    await old.page.keyboard.press('Enter')
    await old.page.waitForURL(/\/$/)
  })

  test('a workspace that asks for a second step leads there whoever has none, and lets them do nothing else', async () => {
    const mona = await open()
    const joined = await mona.context.request.post('/api/v1/auth/register', {
      data: { email: 'mona@example.com', password, name: 'Mona' },
      headers: { 'parley-client': 'test' },
    })
    expect(joined.status()).toBe(201)
    await mona.page.goto('/settings/models')
    await mona.page.getByRole('heading', { name: 'Models' }).waitFor()

    await page.goto('/settings/sign-in')
    await page.getByText('It is up to each person.').waitFor()
    await inspect('sign-in policy')
    await page.getByRole('button', { name: 'Require a second step' }).click()
    await page.getByRole('button', { name: 'Require it' }).click()
    await page.getByText(/^Required from/).waitFor()
    await mona.page.reload()
    await mona.page.getByText('only with a second step').waitFor()
    await inspect('notice of the time of grace', mona.page)

    await page.getByRole('button', { name: 'Require no more' }).click()
    await page.getByRole('alertdialog').getByRole('button', { name: 'Require no more' }).click()
    await page.getByText('It is up to each person.').waitFor()
    await page.getByLabel('Binding').selectOption({ label: 'At once' })
    await page.getByRole('button', { name: 'Require a second step' }).click()
    await page.getByRole('button', { name: 'Require it' }).click()
    await page.getByText(/^Required since/).waitFor()

    await mona.page.goto('/settings/models')
    await mona.page.waitForURL(/\/second-factor/)
    await mona.page.getByRole('heading', { name: 'Set up a second step' }).waitFor()
    await inspect('set up a second step', mona.page)
    await mona.page.goto('/')
    await mona.page.waitForURL(/\/second-factor/)
    await mona.page.goto('/second-factor?next=/settings/models')
    await mona.page.getByRole('button', { name: 'Set up an authenticator app' }).click()
    const key = fromBase32((await mona.page.getByTestId('totp-secret').textContent())!.replaceAll(' ', ''))
    await mona.page.getByLabel('Code from your authenticator app').fill(totpCode(key, stepOf(new Date())))
    await mona.page.keyboard.press('Enter')
    await keepRecoveryCodes(mona.page)
    await mona.page.waitForURL(/\/settings\/models/)
    await mona.page.getByRole('heading', { name: 'Models' }).waitFor()
  })

  test('what is sensitive asks to confirm, when the last proof is too long ago', async () => {
    // As ten minutes would: the server forgets the proof.
    let refused = true
    await page.route('**/api/v1/me/recovery-codes', async (route) => {
      if (!refused) return route.continue()
      refused = false
      const problem = { type: 'x', title: 'Confirm', status: 403, detail: 'x', code: 'proof_required', requestId: 'x' }
      await route.fulfill({ status: 403, contentType: 'application/problem+json', body: JSON.stringify(problem) })
    })
    await page.goto('/settings/security')
    await page.getByRole('button', { name: 'Make new codes' }).click()
    await page.getByRole('dialog', { name: 'Confirm that it is you' }).waitFor()
    await page.getByLabel('Password', { exact: true }).waitFor()
    await inspect('confirm that it is you')
    await page.getByLabel('Password', { exact: true }).fill('a wrong password')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').getByText('The password is wrong').waitFor()
    await page.getByRole('button', { name: 'Use a passkey' }).click()
    await page.getByRole('button', { name: 'Use passkey' }).click()
    const renewed = await keepRecoveryCodes()
    expect(renewed).toHaveLength(10)
    expect(renewed).not.toEqual(recoveryCodes)
    await page.unroute('**/api/v1/me/recovery-codes')
  })

  test('a removed passkey signs in no more, and the last second step stays where it is required', async () => {
    await page.getByRole('button', { name: 'Remove Old laptop' }).click()
    await page.getByRole('button', { name: 'Remove passkey' }).click()
    await page.getByRole('list', { name: 'Your passkeys' }).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Remove', exact: true }).click()
    await page.getByRole('button', { name: 'Remove app' }).click()
    await page.getByRole('alert').getByText('this is your last').waitFor()
    await authenticator.pause()
    await signOut()
    await authenticator.resume()
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByRole('alert').getByText('not known here').waitFor()
  })
})

interface Authenticator {
  credentials(): Promise<{ credentials: { isResidentCredential: boolean; rpId?: string }[] }>
  /** Whether fingerprint or PIN is right from now on. */
  verified(isUserVerified: boolean): Promise<void>
  /** Nobody touches it for now. */
  pause(): Promise<void>
  resume(): Promise<void>
}

/** An authenticator that is built in, keeps passkeys and verifies its user, for the pages of this window. */
async function addAuthenticator(page: Page): Promise<Authenticator> {
  const session: CDPSession = await page.context().newCDPSession(page)
  await session.send('WebAuthn.enable')
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  const touch = (enabled: boolean) =>
    session.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled }).then(() => undefined)
  return {
    credentials: () => session.send('WebAuthn.getCredentials', { authenticatorId }),
    verified: (isUserVerified) =>
      session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }).then(() => undefined),
    pause: () => touch(false),
    resume: () => touch(true),
  }
}
