import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type IdentityProvider, startIdentityProvider } from '../../server/src/testing/identity-provider.ts'
import { describeWithChromium } from '../../server/src/testing/services.ts'
import { expectAccessible, type Stage, setStage, type Window } from './harness.ts'
import { photograph } from './photograph.ts'

const password = 'correct horse battery staple'

/** Signing in through a certified OpenID Connect provider that runs beside the server, in a real browser. */
describeWithChromium('sign-in through providers', () => {
  let stage: Stage
  let idp: IdentityProvider
  let ada: Window
  let redirectAddress: string
  const windows: Window[] = []

  beforeAll(async () => {
    idp = await startIdentityProvider()
    stage = await setStage({ egressAllow: [new URL(idp.issuer).host] })
    idp.accounts.push(
      { sub: 'ada', email: 'ada@example.com', email_verified: true, name: 'Ada Lovelace', groups: ['bosses'] },
      { sub: 'grace', email: 'grace@example.com', email_verified: true, name: 'Grace Hopper', groups: ['engineers'] },
      { sub: 'eve', email: 'eve@elsewhere.example', email_verified: true, name: 'Eve' },
    )
    ada = await open()
  })
  afterAll(async () => {
    await stage?.close()
    await idp?.close()
  })
  afterEach(() => {
    const foreign = (complaint: string) => complaint.startsWith(`foreign: ${idp.issuer}`)
    expect(windows.flatMap(({ complaints }) => complaints).filter((each) => !foreign(each))).toEqual([])
  })

  async function open(options: { dark?: boolean; phone?: boolean } = {}): Promise<Window> {
    const window = await stage.open(options)
    windows.push(window)
    return window
  }

  /** At the identity provider's own page. */
  async function logIn(page: Page, login: string): Promise<void> {
    await page.getByRole('heading', { name: 'Identity provider' }).waitFor()
    await page.getByLabel('Login').fill(login)
    await page.getByRole('button', { name: 'Continue' }).click()
  }

  async function toSignIn(page: Page): Promise<void> {
    await page.goto('/login')
    await page.getByRole('button', { name: 'Continue with Team ID' }).click()
  }

  test('an administrator adds a provider; what is wrong is told, and nothing is kept', async () => {
    const { page } = ada
    await page.goto(stage.server.setupUrl!)
    await page.getByLabel('Your name').fill('Ada Lovelace')
    await page.getByLabel('Workspace').fill('Engines')
    await page.getByLabel('Email').fill('ada@example.com')
    await page.getByLabel('Password').fill(password)
    await page.getByRole('button', { name: 'Create workspace' }).click()
    await page.getByText('You are talking to the built-in guide').waitFor()
    await page.goto('/settings/groups')
    await page.getByText('No groups yet').waitFor()
    await expectAccessible(page, 'groups, empty')
    await page.getByRole('button', { name: 'New group' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Engine room')
    await page.getByRole('button', { name: 'Make group' }).click()
    await page.getByRole('heading', { name: 'Engine room' }).waitFor()
    await page.goto('/settings/sign-in')
    await page.getByText('Passwords only, so far').waitFor()
    await expectAccessible(page, 'sign-in settings, empty')
    await page.getByRole('button', { name: 'Add provider' }).click()
    await page.getByText('OpenID Connect', { exact: true }).click()
    redirectAddress = await page.getByRole('dialog').locator('code').first().innerText()
    idp.register({
      id: 'parley',
      secret: 'a secret of the client',
      redirectUris: [redirectAddress],
      signOutTo: [`${stage.server.url}/login`],
    })
    await page.getByLabel('Name', { exact: true }).fill('Team ID')
    await page.getByLabel('Issuer').fill(idp.issuer)
    await page.getByLabel('Client id').fill('parley')
    await page.getByLabel('Client secret').fill('a wrong secret')
    await page.getByRole('button', { name: 'Add rule' }).click()
    await page.getByLabel('Claim of rule 1').fill('groups')
    await page.getByLabel('Value of rule 1').fill('engineers')
    await page.getByLabel('Rule 1 gives').selectOption({ label: 'Admin' })
    await page.getByRole('button', { name: 'Add rule' }).click()
    await page.getByLabel('Claim of rule 2').fill('groups')
    await page.getByLabel('Value of rule 2').fill('engineers')
    await page.getByLabel('Rule 2 gives').selectOption({ label: 'Engine room' })
    await expectAccessible(page, 'provider dialog')
    await page.getByRole('button', { name: 'Test and save' }).click()
    await page.getByText('It did not work').waitFor()
    await page.getByText('It refuses the client id or the client secret.').first().waitFor()
    await photograph(page, 'sign-in-provider-dialog')
    await page.getByLabel('Client secret').fill('a secret of the client')
    await page.getByRole('button', { name: 'Test and save' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.getByText('Working', { exact: true }).waitFor()
    await page.getByText('2 rules').waitFor()
  })

  test('people at a domain are let in, with the role that a rule gives; others are told why not', async () => {
    const { page } = ada
    await page.getByLabel('Email domains').fill('example.com')
    await page.getByRole('button', { name: 'Save domains' }).click()
    await page.getByText('Saved.').first().waitFor()
    await expectAccessible(page, 'sign-in settings')
    await photograph(page, 'sign-in-settings')

    const grace = await open()
    await grace.page.goto('/login?next=/settings/security')
    await grace.page.getByRole('button', { name: 'Continue with Team ID' }).waitFor()
    await expectAccessible(grace.page, 'sign-in with a provider')
    await photograph(grace.page, 'sign-in-page')
    await grace.page.getByRole('button', { name: 'Continue with Team ID' }).click()
    await logIn(grace.page, 'grace')
    await grace.page.waitForURL(/\/settings\/security/)
    await grace.page.getByText('Your only way to sign in').waitFor()
    await expectAccessible(grace.page, 'security with a connected account')
    await photograph(grace.page, 'connected-accounts')
    await grace.page.goto('/settings/profile')
    await grace.page.getByText('grace@example.com, admin of Engines').waitFor()
    await page.goto('/settings/groups')
    await page.getByRole('button', { name: '1 person in Engine room' }).click()
    await page.getByText('grace@example.com').waitFor()
    await expectAccessible(page, 'groups')
    await photograph(page, 'groups')
    // Signing out ends the session at the provider as well, and comes back.
    await grace.page.getByRole('button', { name: 'Sign out' }).click()
    await grace.page.getByRole('heading', { name: 'Sign out here, too?' }).waitFor()
    await grace.page.getByRole('button', { name: 'Sign out' }).click()
    await grace.page.waitForURL(`${stage.server.url}/login*`)

    const eve = await open({ dark: true })
    await toSignIn(eve.page)
    await logIn(eve.page, 'eve')
    await eve.page.getByRole('heading', { name: 'You have no account here' }).waitFor()
    await expectAccessible(eve.page, 'refusal')
    await photograph(eve.page, 'sign-in-problem')
    await eve.page.getByRole('link', { name: 'Back to sign-in' }).click()
    await eve.page.getByLabel('Email').waitFor()
  })

  test('each wrong answer is refused with a page that says what to do', async () => {
    const { page } = await open()
    /** Goes as far as the answer, and gives its address without opening it. */
    async function answer(): Promise<URL> {
      idp.holdsAnswers = true
      await toSignIn(page)
      const heading = page.getByRole('heading', { name: 'Identity provider' })
      const back = page.getByRole('link', { name: 'Back', exact: true })
      await heading.or(back).waitFor()
      if (await heading.isVisible()) await logIn(page, 'grace')
      const address = await back.getAttribute('href')
      idp.holdsAnswers = false
      return new URL(address!)
    }
    const refused = (title: string) => page.getByRole('heading', { name: title }).waitFor()

    const wrongState = await answer()
    const right = wrongState.href
    wrongState.searchParams.set('state', 'x'.repeat(43))
    await page.goto(wrongState.href)
    await refused('This sign-in did not begin here')

    const wrongIssuer = new URL(right)
    wrongIssuer.searchParams.set('iss', 'https://elsewhere.example')
    await page.goto(wrongIssuer.href)
    await refused('The answer came from someone else')
    await page.goto(right)
    await refused('This sign-in was used already')

    const stolen = await answer()
    const victim = await open()
    await victim.page.goto(stolen.href)
    await victim.page.getByRole('heading', { name: 'This sign-in began in another browser' }).waitFor()

    for (const [change, title] of [
      [{ nonce: 'x'.repeat(43) }, 'The answer belongs to another sign-in'],
      [{ exp: Math.floor(Date.now() / 1000) - 60 }, 'The provider’s answer has expired'],
      [{ iss: 'https://elsewhere.example' }, 'The answer came from someone else'],
    ] as const) {
      idp.tamper = (claims) => ({ ...claims, ...change })
      const back = await answer()
      await page.goto(back.href)
      await refused(title)
    }
    idp.tamper = undefined
    const good = await answer()
    await page.goto(good.href)
    await page.getByLabel('Message', { exact: true }).waitFor()
    await page.goto(good.href)
    await refused('This sign-in was used already')
    await expectAccessible(page, 'used already')
  })

  test('an address that has an account is connected by the password, and then single sign-on can be the only way', async () => {
    const second = await open()
    await toSignIn(second.page)
    await logIn(second.page, 'ada')
    await second.page.getByRole('heading', { name: 'You have an account here' }).waitFor()
    await expectAccessible(second.page, 'connect')
    await photograph(second.page, 'connect-account')
    await second.page.getByLabel('Password of that account').fill('not the password')
    await second.page.getByRole('button', { name: 'Connect Team ID and sign in' }).click()
    await second.page.getByText('That is not the password of this account.').waitFor()
    await second.page.getByLabel('Password of that account').fill(password)
    await second.page.getByRole('button', { name: 'Connect Team ID and sign in' }).click()
    await second.page.getByLabel('Message', { exact: true }).waitFor()

    const { page } = ada
    await page.goto('/settings/sign-in')
    await page.getByLabel('Single sign-on only').click()
    await page.getByText('Providers that count').waitFor()
    await expectAccessible(page, 'single sign-on only')
    await photograph(page, 'single-sign-on-only')

    const third = await open({ phone: true })
    await third.page.goto('/login')
    await third.page.getByRole('button', { name: 'Sign in with a password instead' }).waitFor()
    await expectAccessible(third.page, 'sign-in with single sign-on only')
    await photograph(third.page, 'sign-in-page-sso-only')
    // Owners keep their password.
    await third.page.getByRole('button', { name: 'Sign in with a password instead' }).click()
    await third.page.getByLabel('Email').fill('ada@example.com')
    await third.page.getByLabel('Password').fill(password)
    await third.page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await third.page.getByLabel('Message', { exact: true }).waitFor()
  })
})
