import type { InvoiceLine } from '@parley/contract'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { newId } from '../../server/src/platform/crypto/index.ts'
import { openQuickly } from '../../server/src/testing/database.ts'
import { describeWithChromium } from '../../server/src/testing/services.ts'
import { type StripeServer, startStripeServer } from '../../server/src/testing/stripe-server.ts'
import { expectAccessible, type Stage, setStage, type Window } from './harness.ts'
import { photograph } from './photograph.ts'

/** What an owner sees of plans with prices and of invoices: each test goes on where the one before ended. */
describeWithChromium('billing', () => {
  let stage: Stage
  let ada: Window
  let page: Page
  const windows: Window[] = []

  beforeAll(async () => {
    stage = await setStage({ env: { PARLEY_INVOICE_ISSUER: 'Analytical Engines Ltd\n12 Marylebone Road, London' } })
    ada = await stage.open()
    windows.push(ada)
    page = ada.page
    await setUp(stage, page)
  })
  afterAll(() => stage?.close())
  afterEach(() => {
    expect(windows.flatMap(({ complaints }) => complaints)).toEqual([])
  })

  test('before anything costs something, the page says so, and nothing of how to pay', async () => {
    await page.goto('/settings/billing')
    await page.getByRole('heading', { name: 'Enterprise' }).waitFor()
    await page.getByText('No invoices yet').waitFor()
    await page.getByText('Calls of models cost $0.00 until now').waitFor()
    expect(await page.getByText(/stripe|card|payment/i).count()).toBe(0)
    await expectAccessible(page, 'billing, nothing yet')
    await photograph(page, 'billing-empty')
    await page.getByRole('link', { name: /so far/ }).click()
    await page.getByText('Nothing yet').waitFor()
    await expectAccessible(page, 'empty draft')
  })

  test('the operator gives a plan its price, and what is wrong is told beside the field', async () => {
    await page.goto('/settings/limits')
    await page.getByRole('button', { name: 'Change Enterprise' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Dollars a month').fill('a lot')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByText('An amount in US dollars').waitFor()
    expect(await dialog.getByText(/stripe/i).count()).toBe(0)
    await dialog.getByLabel('Dollars a month').fill('49.90')
    await dialog.getByLabel('Calls of models').selectOption('charged')
    await dialog.getByLabel('Percent on top').fill('20')
    await expectAccessible(page, 'plan dialog')
    await photograph(page, 'plan-dialog')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByText('$49.90 a month').waitFor()
    await page.goto('/settings/billing')
    await page.getByText('$49.90').first().waitFor()
    await page.getByRole('link', { name: /so far/ }).click()
    await page.getByRole('row', { name: /Plan Enterprise/ }).waitFor()
  })

  test('invoices are listed in pages, read, downloaded and printed', async () => {
    await page.goto('about:blank')
    await stage.crash(fillPast)
    await page.goto('/settings/billing')
    await page.getByRole('button', { name: 'Show more' }).click()
    await page.getByText('INV-000001').waitFor()
    await expectAccessible(page, 'invoices')
    await photograph(page, 'billing')
    await page.getByRole('link', { name: 'March 2026' }).click()
    await page.getByRole('heading', { name: 'Invoice INV-000015' }).waitFor()
    await page.getByText('12 Marylebone Road').waitFor()
    const total = page.getByRole('row', { name: 'Total' })
    await total.getByText('$52.30').waitFor()
    await total.getByText('$2.001234').waitFor()
    await page.getByText('Cost plus 20 %').first().waitFor()
    await expectAccessible(page, 'an invoice')
    await photograph(page, 'invoice')
    await page.emulateMedia({ media: 'print' })
    expect(await page.getByRole('navigation', { name: 'Settings' }).isVisible()).toBe(false)
    expect(await page.getByRole('button', { name: 'Print' }).isVisible()).toBe(false)
    await page.emulateMedia({ media: 'print', colorScheme: 'dark' })
    const paper = await page.evaluate<string>('getComputedStyle(document.querySelector("#main").parentElement).color')
    expect(paper).toBe('rgb(29, 42, 40)')
    await photograph(page, 'invoice-on-paper')
    await page.emulateMedia({ media: 'screen', colorScheme: 'light' })
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'CSV' }).click(),
    ])
    expect(download.suggestedFilename()).toBe('INV-000015.csv')
  })

  test('the pages hold together on a phone', async () => {
    const phone = await stage.open({ as: ada, phone: true })
    windows.push(phone)
    for (const path of ['billing', 'billing/draft', 'limits']) {
      await phone.page.goto(`/settings/${path}`)
      await phone.page.getByText('Enterprise').first().waitFor()
      const wide = await phone.page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
      expect(wide, path).toBeLessThanOrEqual(0)
    }
  })
})

/** What an owner sees where plans can be bought: with a Stripe of our own, whose pages a browser can visit. */
describeWithChromium('paying through Stripe', () => {
  let stripe: StripeServer
  let stage: Stage
  let ada: Window
  let page: Page
  const windows: Window[] = []

  beforeAll(async () => {
    stripe = await startStripeServer()
    stripe.addPrice({ id: 'price_pro', cents: 2_000, interval: 'month' })
    stripe.addPrice({ id: 'price_pro_year', cents: 20_000, interval: 'year' })
    stripe.addPrice({ id: 'price_team', cents: 1_200, interval: 'month' })
    stage = await setStage({
      env: {
        STRIPE_SECRET_KEY: stripe.key,
        STRIPE_WEBHOOK_SECRET: stripe.webhookSecret,
        STRIPE_BASE_URL: stripe.url,
      },
    })
    stripe.webhookUrl = `${stage.server.url}/api/v1/billing/stripe-webhook`
    ada = await stage.open()
    windows.push(ada)
    page = ada.page
    await setUp(stage, page)
  })
  afterAll(async () => {
    await stage?.close()
    await stripe?.close()
  })
  afterEach(() => {
    // The browser leaves for Stripe's pages, and for nothing else.
    const foreign = (complaint: string) => complaint.startsWith(`foreign: ${stripe.url}`)
    expect(windows.flatMap(({ complaints }) => complaints).filter((each) => !foreign(each))).toEqual([])
  })

  test('the operator says which price in Stripe buys a plan; one that charges something else is refused', async () => {
    const price = async (plan: string, fields: Record<string, string>) => {
      await page.getByRole('button', { name: `Change ${plan}` }).click()
      for (const [label, value] of Object.entries(fields)) await page.getByRole('dialog').getByLabel(label).fill(value)
    }
    const save = () => page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
    const closed = () => page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.goto('/settings/limits')
    await price('Pro', { 'Dollars a month': '25', 'Stripe price, monthly': 'price_pro' })
    await save()
    await page.getByText('Stripe charges $20.00 for this price').first().waitFor()
    await expectAccessible(page, 'plan dialog with Stripe')
    await photograph(page, 'plan-dialog-stripe')
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Dollars a month').fill('20')
    await dialog.getByLabel('Dollars a year').fill('200')
    await dialog.getByLabel('Stripe price, yearly').fill('price_pro_year')
    await save()
    await closed()
    await price('Enterprise', { 'Dollars a month': '12', 'Stripe price, monthly': 'price_team' })
    await dialog.getByLabel('For', { exact: true }).selectOption('person')
    await save()
    await closed()
  })

  test('a plan is bought on Stripe’s page; whoever turns back there has bought nothing', async () => {
    await page.goto('/settings/billing')
    await page.getByRole('heading', { name: 'Choose a plan' }).waitFor()
    await expectAccessible(page, 'choose a plan')
    await photograph(page, 'choose-plan')
    await page.getByRole('button', { name: 'Choose Pro' }).click()
    await page.waitForURL(/\/c\/pay\//)
    await page.getByRole('link', { name: 'Back' }).click()
    await page.getByText('Nothing was bought.').waitFor()
    await page.getByRole('button', { name: 'All right' }).click()
    await page.getByText('Nothing was bought.').waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Choose Pro' }).click()
    await page.waitForURL(/\/c\/pay\//)
    await page.getByRole('button', { name: 'Subscribe' }).click()
    await page.getByText('The workspace is on the plan Pro now.').waitFor()
    await page.getByText(/^Next payment on/).waitFor()
    expect(await page.getByRole('heading', { name: 'Choose a plan' }).count()).toBe(0)
    await expectAccessible(page, 'a plan that is paid')
    await photograph(page, 'billing-paid')
  })

  test('the confirmation may come later than the browser', async () => {
    const { webhookUrl } = stripe
    for (const one of stripe.subscriptions.values()) one.status = 'canceled'
    const [subscription] = stripe.subscriptions.values()
    const tell = (type: string) => {
      const object = { object: 'subscription', id: subscription!.id, customer: subscription!.customer }
      return stripe.deliver(stripe.event(type, object), webhookUrl!)
    }
    await tell('customer.subscription.deleted')
    stripe.webhookUrl = undefined
    await page.goto('/settings/billing')
    await page.getByRole('button', { name: 'Choose Pro' }).click()
    await page.waitForURL(/\/c\/pay\//)
    await page.getByRole('button', { name: 'Subscribe' }).click()
    await page.getByText('The payment is being confirmed.').waitFor()
    await expectAccessible(page, 'waiting for the confirmation')
    await tell('customer.subscription.created')
    await page.getByText('The workspace is on the plan Pro now.').waitFor()
    stripe.webhookUrl = webhookUrl
  })

  test('a late payment is told above every page, and cancelling is done at Stripe', async () => {
    const subscription = [...stripe.subscriptions.values()].at(-1)!
    subscription.status = 'past_due'
    const invoice = { object: 'invoice', id: 'in_1', customer: subscription.customer }
    await stripe.deliver(stripe.event('invoice.payment_failed', invoice), stripe.webhookUrl!)
    await page.goto('/')
    await page.getByText('A payment for this workspace did not go through.').waitFor()
    await page.getByRole('link', { name: 'Billing', exact: true }).first().click()
    await page.getByText('A payment did not go through').waitFor()
    await expectAccessible(page, 'past due')
    await photograph(page, 'billing-past-due')
    subscription.status = 'active'
    await page.getByRole('button', { name: 'Manage payment' }).click()
    await page.waitForURL(/\/p\/session\//)
    await page.getByRole('button', { name: 'Cancel plan' }).click()
    await page.getByText(/^Cancelled: the plan ends on/).waitFor()
    expect(await page.getByText('A payment for this workspace did not go through.').count()).toBe(0)
  })

  test('while Stripe is away the page says so, and one can try again', async () => {
    stripe.failure = { status: 500 }
    await page.getByRole('button', { name: 'Manage payment' }).click()
    await page
      .getByText(/Stripe could not be reached. Nothing was changed/)
      .first()
      .waitFor()
    stripe.failure = undefined
    await page.getByRole('button', { name: 'Manage payment' }).click()
    await page.waitForURL(/\/p\/session\//)
    await page.goto('/settings/billing')
  })

  test('a message over the limit leads to the plans, for those who may buy one', async () => {
    for (const one of stripe.subscriptions.values()) one.status = 'canceled'
    const [subscription] = stripe.subscriptions.values()
    const object = { object: 'subscription', id: subscription!.id, customer: subscription!.customer }
    await stripe.deliver(stripe.event('customer.subscription.deleted', object), stripe.webhookUrl!)
    await page.goto('/settings/limits')
    await page.getByRole('button', { name: 'New limit' }).click()
    await page.getByRole('dialog').getByLabel('Messages an hour').fill('1')
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    for (const question of ['First', 'Second']) {
      await page.goto('/')
      await page.getByLabel('Message', { exact: true }).fill(question)
      await page.getByLabel('Message', { exact: true }).press('Enter')
      if (question === 'First') await page.getByRole('button', { name: 'Answer again' }).waitFor()
    }
    await page.getByText(/Your message is kept and sent by itself at/).waitFor()
    await expectAccessible(page, 'limit with plans')
    await page.getByRole('link', { name: 'See plans' }).click()
    await page.getByRole('heading', { name: 'Choose a plan' }).waitFor()
  })

  test('the pages hold together on a phone', async () => {
    const phone = await stage.open({ as: ada, phone: true })
    windows.push(phone)
    await phone.page.goto('/settings/billing')
    await phone.page.getByRole('heading', { name: 'Choose a plan' }).waitFor()
    const wide = await phone.page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
    expect(wide).toBeLessThanOrEqual(0)
  })
})

/** Ada makes the first account. */
async function setUp(stage: Stage, page: Page): Promise<void> {
  await page.goto(stage.server.setupUrl!)
  await page.getByLabel('Your name').fill('Ada Lovelace')
  await page.getByLabel('Workspace').fill('Engines')
  await page.getByLabel('Email').fill('ada@example.com')
  await page.getByLabel('Password').fill('correct horse battery staple')
  await page.getByRole('button', { name: 'Create workspace' }).click()
  await page.getByText('You are talking to the built-in guide').waitFor()
}

/** Has the workspace be there for long, with an invoice for each of its months. */
async function fillPast(dataDir: string): Promise<void> {
  const { db, close } = await openQuickly(dataDir)
  const { id: workspaceId, name: workspaceName } = await db
    .selectFrom('workspaces')
    .select(['id', 'name'])
    .executeTakeFirstOrThrow()
  const months = Array.from({ length: 15 }, (_, index) => new Date(Date.UTC(2025, index, 1)))
  const lines: InvoiceLine[] = [
    {
      ...{ kind: 'plan', planId: 'enterprise', name: 'Enterprise', days: 31, daysInMonth: 31, people: null },
      ...{ monthlyPriceMicroUsd: 49_900_000, collectedByStripe: false, amountMicroUsd: 49_900_000 },
    },
    {
      ...{ kind: 'usage', model: 'anthropic/claude-opus-4-6', planId: 'enterprise', calls: 1_204, unpricedCalls: 0 },
      ...{ inputTokens: 2_310_400, cachedInputTokens: 1_900_000, outputTokens: 410_220, reasoningTokens: 90_000 },
      ...{ costMicroUsd: 2_001_234, markupPercent: 20, amountMicroUsd: 2_400_000 },
    },
    {
      ...{ kind: 'usage', model: 'ollama/llama3', planId: 'enterprise', calls: 12, unpricedCalls: 12, costMicroUsd: 0 },
      ...{ inputTokens: 20_100, cachedInputTokens: 0, outputTokens: 4_020, reasoningTokens: 0 },
      ...{ markupPercent: 20, amountMicroUsd: 0 },
    },
  ]
  for (const [index, periodStart] of months.entries()) {
    const periodEnd = new Date(Date.UTC(2025, index + 1, 1))
    await db
      .insertInto('invoices')
      .values({
        ...{ id: newId(), number: index + 1, workspaceId, workspaceName, periodStart, periodEnd, timeZone: 'UTC' },
        ...{
          issuer: 'Analytical Engines Ltd\n12 Marylebone Road, London',
          month: periodStart.toISOString().slice(0, 7),
        },
        ...{ lines: JSON.stringify(lines), totalMicroUsd: 52_300_000, usageCostMicroUsd: 2_001_234 },
        issuedAt: new Date(periodEnd.getTime() + 3_600_000),
      })
      .execute()
  }
  await close()
}
