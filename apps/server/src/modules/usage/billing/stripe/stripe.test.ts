import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Billing, Problem, WorkspacePlan } from '@parley/contract'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { inTransaction, type Platform } from '../../../../platform/context.ts'
import { eventually } from '../../../../testing/eventually.ts'
import { type Caller, callerFor, startServer, type TestServer } from '../../../../testing/start-server.ts'
import type { StripeObject, Subscription } from '../../../../testing/stripe-objects.ts'
import { type StripeServer, startStripeServer } from '../../../../testing/stripe-server.ts'
import { makeOwner } from '../../../identity/add-person.ts'
import { hashPassword } from '../../../identity/passwords.ts'
import { checkSubscriptions } from './check-subscriptions.ts'

const password = 'a long test password'
const dayMs = 86_400_000
const lines: string[] = []

let stripe: StripeServer
let server: TestServer
let webhook: string
let tenants = 0

beforeAll(async () => {
  stripe = await startStripeServer()
  stripe.addPrice({ id: 'price_pro_month', cents: 2_000, interval: 'month' })
  stripe.addPrice({ id: 'price_pro_year', cents: 20_000, interval: 'year' })
  stripe.addPrice({ id: 'price_enterprise', cents: 1_000, interval: 'month' })
  server = await startServer({
    env: {
      STRIPE_SECRET_KEY: stripe.key,
      STRIPE_WEBHOOK_SECRET: stripe.webhookSecret,
      STRIPE_BASE_URL: stripe.url,
      PARLEY_DEFAULT_PLAN: 'free',
      PUBLIC_URL: 'https://parley.example.com',
    },
    logTo: (line) => lines.push(line),
  })
  webhook = `${server.url}/api/v1/billing/stripe-webhook`
  await setPlan('pro', {
    ...{ monthlyPriceMicroUsd: 20_000_000, yearlyPriceMicroUsd: 200_000_000 },
    ...{ stripeMonthlyPriceId: 'price_pro_month', stripeYearlyPriceId: 'price_pro_year' },
  })
  await setPlan('enterprise', {
    ...{ monthlyPriceMicroUsd: 10_000_000, priceUnit: 'person', stripeMonthlyPriceId: 'price_enterprise' },
  })
})
afterAll(async () => {
  await server?.close()
  await stripe?.close()
})
afterEach(() => {
  stripe.failure = undefined
  stripe.beforeList = undefined
  stripe.webhookUrl = undefined
})

const setPlan = (id: string, change: object) => server.owner.json('PATCH', `/api/v1/plans/${id}`, change)

interface Tenant extends Caller {
  workspaceId: string
  email: string
}

/** The owner of another workspace than the operator's. */
async function makeTenant(): Promise<Tenant> {
  tenants += 1
  const person = {
    email: `tenant${tenants}@example.com`,
    name: `Tenant ${tenants}`,
    passwordHash: await hashPassword(password),
  }
  const { workspaceId } = await inTransaction(server.platform, (tx) => makeOwner(tx, person))
  const { accessToken } = await server.anyone.json<{ accessToken: string }>('POST', '/api/v1/auth/login', {
    email: person.email,
    password,
  })
  return { ...callerFor(server.url, { authorization: `Bearer ${accessToken}` }), workspaceId, email: person.email }
}

/** Somebody who joins the workspace of a tenant. */
async function addMember(tenant: Tenant): Promise<Tenant> {
  const { url } = await tenant.json<{ url: string }>('POST', '/api/v1/invitations', { role: 'member' })
  const member = await makeTenant()
  await member.json('POST', '/api/v1/me/invitations', { token: new URL(url).hash.replace('#token=', '') })
  const headers = { ...member.headers, 'parley-workspace': tenant.workspaceId }
  return { ...member, ...callerFor(server.url, headers) }
}

const billing = (caller: Caller) => caller.json<Billing>('GET', '/api/v1/billing')
const planOf = async (caller: Caller) => (await billing(caller)).plan.id
const checkout = (caller: Caller, body: object = {}, headers: Record<string, string> = {}) =>
  caller.fetch('/api/v1/billing/checkout', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ planId: 'pro', ...body }),
  })
const problemOf = async (response: Response | Promise<Response>) => (await (await response).json()) as Problem
const sent = (method: string, path: string) =>
  stripe.requests.filter((request) => request.method === method && request.path === path)
const lists = () => sent('GET', '/v1/subscriptions').length

/** A workspace that is a customer, with a subscription that nobody told Parley of. */
async function makeCustomer(more: Partial<Subscription> = {}): Promise<{
  tenant: Tenant
  customer: string
  subscription: Subscription
}> {
  const tenant = await makeTenant()
  expect((await checkout(tenant)).status).toBe(200)
  const customer = String([...stripe.customers.keys()].at(-1))
  return { tenant, customer, subscription: stripe.subscribe(customer, 'price_pro_month', more) }
}

/** An event about a subscription, as it is now or was. */
const about = (subscription: Subscription, type = 'updated', object: object = {}): StripeObject =>
  stripe.event(`customer.subscription.${type}`, {
    ...{ id: subscription.id, object: 'subscription', customer: subscription.customer, status: subscription.status },
    ...object,
  })
const deliver = (event: StripeObject, options = {}) => stripe.deliver(event, webhook, options)
const at = (afterMs: number): Platform => ({
  ...server.platform,
  clock: { now: () => new Date(Date.now() + afterMs) },
})
const check = (afterMs = 0) => checkSubscriptions(at(afterMs), new AbortController().signal)

describe('buying a plan', () => {
  test('goes over Stripe’s page, and the plan counts once it is paid there', async () => {
    const tenant = await makeTenant()
    expect(await planOf(tenant)).toBe('free')
    stripe.requests.length = 0
    const { url } = await tenant.json<{ url: string }>('POST', '/api/v1/billing/checkout', { planId: 'pro' })
    expect(new URL(url).origin).toBe(stripe.url)
    const [made] = sent('POST', '/v1/customers')
    expect(made!.form).toMatchObject({ email: tenant.email, metadata: { workspaceId: tenant.workspaceId } })
    const [session] = sent('POST', '/v1/checkout/sessions')
    expect(session!.form).toMatchObject({
      mode: 'subscription',
      client_reference_id: tenant.workspaceId,
      line_items: { 0: { price: 'price_pro_month', quantity: '1' } },
      subscription_data: { metadata: { workspaceId: tenant.workspaceId, planId: 'pro' } },
      success_url: 'https://parley.example.com/settings/billing?checkout=done',
      cancel_url: 'https://parley.example.com/settings/billing?checkout=cancelled',
    })
    expect(session!.headers['idempotency-key']).toMatch(/^parley-checkout-/)
    expect(session!.headers['stripe-version']).toMatch(/^\d{4}-\d{2}-\d{2}\.\w+$/)
    expect(await planOf(tenant)).toBe('free')

    stripe.webhookUrl = webhook
    const done = await fetch(url, { method: 'POST', redirect: 'manual' })
    expect(done.headers.get('location')).toBe('https://parley.example.com/settings/billing?checkout=done')
    const now = await billing(tenant)
    expect(now).toMatchObject({
      planSource: 'subscription',
      payments: true,
      hasCustomer: true,
      subscription: {
        status: 'active',
        planId: 'pro',
        interval: 'month',
        priceMicroUsd: 20_000_000,
        people: 1,
        cancelAt: null,
        graceEndsAt: null,
      },
    })
    expect(now.plan.id).toBe('pro')
    // What one has is not bought again.
    expect(await problemOf(checkout(tenant))).toMatchObject({ status: 409, code: 'conflict' })

    const portal = await tenant.json<{ url: string }>('POST', '/api/v1/billing/portal')
    await fetch(portal.url, { method: 'POST', redirect: 'manual' })
    const { plan, subscription } = await billing(tenant)
    expect([plan.id, subscription?.cancelAt]).toEqual(['pro', subscription?.currentPeriodEnd])
  })

  test('by the year, at that price', async () => {
    const tenant = await makeTenant()
    const { url } = await tenant.json<{ url: string }>('POST', '/api/v1/billing/checkout', {
      planId: 'pro',
      interval: 'year',
    })
    stripe.webhookUrl = webhook
    await fetch(url, { method: 'POST', redirect: 'manual' })
    expect((await billing(tenant)).subscription).toMatchObject({ planId: 'pro', interval: 'year' })
  })

  test('for each person counts the people, now and later', async () => {
    const tenant = await makeTenant()
    const { url } = await tenant.json<{ url: string }>('POST', '/api/v1/billing/checkout', { planId: 'enterprise' })
    stripe.webhookUrl = webhook
    await fetch(url, { method: 'POST', redirect: 'manual' })
    expect((await billing(tenant)).subscription).toMatchObject({ planId: 'enterprise', people: 1 })
    await addMember(tenant)
    stripe.requests.length = 0
    await check()
    expect((await billing(tenant)).subscription?.people).toBe(2)
    const changes = stripe.requests.filter(
      ({ method, path }) => method === 'POST' && path.startsWith('/v1/subscriptions/'),
    )
    expect(changes).toHaveLength(1)
    stripe.requests.length = 0
    await check()
    expect(stripe.requests.filter(({ method }) => method === 'POST')).toEqual([])
  })

  test('a request that is repeated opens the same page; another person or key never gets it', async () => {
    const tenant = await makeTenant()
    const key = { 'idempotency-key': 'the-same' }
    const urls = async (...responses: Promise<Response>[]) =>
      Promise.all(responses.map(async (one) => ((await (await one).json()) as { url: string }).url))
    const [first] = await urls(checkout(tenant, {}, key))
    const [again, other] = await urls(checkout(tenant, {}, key), checkout(tenant, {}, { 'idempotency-key': 'another' }))
    expect(again).toBe(first)
    expect(other).not.toBe(first)
    expect(await problemOf(checkout(tenant, { interval: 'year' }, key))).toMatchObject({ code: 'idempotency_conflict' })
    const [foreign] = await urls(checkout(await makeTenant(), {}, key))
    expect(foreign).not.toBe(first)
  })

  test('several at once make one customer', async () => {
    const tenant = await makeTenant()
    stripe.requests.length = 0
    const answers = await Promise.all([checkout(tenant), checkout(tenant), checkout(tenant)])
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    const customers = new Set(sent('POST', '/v1/checkout/sessions').map(({ form }) => form.customer))
    expect(customers.size).toBe(1)
  })

  test('is for those who may, and for plans that are sold', async () => {
    const tenant = await makeTenant()
    const member = await addMember(tenant)
    expect((await checkout(member)).status).toBe(403)
    expect((await member.fetch('/api/v1/billing')).status).toBe(403)
    expect(await problemOf(checkout(tenant, { planId: 'free' }))).toMatchObject({ code: 'unprocessable' })
    expect(await problemOf(checkout(tenant, { planId: 'nope' }))).toMatchObject({ code: 'unprocessable' })
    const early = await tenant.fetch('/api/v1/billing/portal', { method: 'POST' })
    expect(await problemOf(early)).toMatchObject({ code: 'conflict' })
  })

  test('a customer that is gone in Stripe becomes a new one', async () => {
    const { tenant, customer } = await makeCustomer({ status: 'canceled' })
    stripe.customers.delete(customer)
    const { url } = await tenant.json<{ url: string }>('POST', '/api/v1/billing/checkout', { planId: 'pro' })
    stripe.webhookUrl = webhook
    await fetch(url, { method: 'POST', redirect: 'manual' })
    expect(await planOf(tenant)).toBe('pro')
  })

  test.each([
    ['does not answer', 'gone'],
    ['fails', { status: 500 }],
    ['takes no more requests', { status: 429, headers: { 'retry-after': '7' } }],
    ['refuses the key', { status: 401 }],
  ] as const)('while Stripe %s it is a clear problem, and nothing is half done', async (_what, failure) => {
    const tenant = await makeTenant()
    stripe.failure = failure
    const response = await checkout(tenant)
    expect(response.status).toBe(503)
    if (failure !== 'gone' && 'headers' in failure) expect(response.headers.get('retry-after')).toBe('7')
    const problem = await problemOf(response)
    expect(problem.code).toBe('payments_unavailable')
    expect(problem.detail).toMatch(/Stripe/)
    expect(await billing(tenant)).toMatchObject({ hasCustomer: false, subscription: null })
    stripe.failure = undefined
    expect((await checkout(tenant)).status).toBe(200)
  })
})

describe('events', () => {
  test('one that comes again counts once', async () => {
    const { tenant, subscription } = await makeCustomer()
    const event = about(subscription, 'created')
    const before = lists()
    for (let i = 0; i < 3; i++) expect((await deliver(event)).status).toBe(200)
    expect(lists() - before).toBe(1)
    expect(await planOf(tenant)).toBe('pro')
    // What it says may be old by now; only a new event has Stripe asked again.
    subscription.status = 'canceled'
    await deliver(event)
    expect(await planOf(tenant)).toBe('pro')
    await deliver(about(subscription, 'deleted'))
    expect(await planOf(tenant)).toBe('free')
  })

  test('in the wrong order they end with the present state', async () => {
    const { tenant, subscription } = await makeCustomer()
    const created = about(subscription, 'created', { status: 'active' })
    subscription.status = 'canceled'
    await deliver(about(subscription, 'deleted', { status: 'canceled' }))
    await deliver(created)
    expect((await billing(tenant)).subscription?.status).toBe('canceled')
    expect(await planOf(tenant)).toBe('free')
  })

  test('what was fetched before a newer state was taken over is not believed', async () => {
    const { tenant, subscription } = await makeCustomer()
    const [first, second] = [about(subscription, 'created'), about(subscription, 'deleted')]
    let isFirst = true
    stripe.beforeList = async () => {
      if (!isFirst) return
      isFirst = false
      // The answer to the first is on its way, and says active, while the second is taken from end to end.
      subscription.status = 'canceled'
      expect((await deliver(second)).status).toBe(200)
    }
    expect((await deliver(first)).status).toBe(200)
    expect(isFirst).toBe(false)
    expect(await planOf(tenant)).toBe('free')
  })

  test('many at once, the same and others, are all acknowledged, and the present state counts', async () => {
    const { tenant, subscription } = await makeCustomer()
    const event = about(subscription, 'created')
    const others = Array.from({ length: 3 }, () => about(subscription))
    const answers = await Promise.all([event, event, event, ...others].map((each) => deliver(each)))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200])
    expect(await planOf(tenant)).toBe('pro')
    const changes = await server.platform.db
      .selectFrom('planChanges')
      .select('planId')
      .where('workspaceId', '=', tenant.workspaceId)
      .execute()
    expect(changes).toEqual([{ planId: 'pro' }])
  })

  test.each([
    ['of another secret', { secret: 'whsec_other' }],
    ['that is old', { timestamp: Math.floor(Date.now() / 1000) - 3_600 }],
    ['of another body', { body: '{"id":"evt_1","type":"customer.subscription.created"}' }],
  ])('with a signature %s are refused, and change nothing', async (_what, options) => {
    const { tenant, subscription } = await makeCustomer()
    const event = about(subscription, 'created')
    const response = await deliver(event, options)
    expect([response.status, (await problemOf(response)).code]).toEqual([401, 'signature_invalid'])
    expect(await planOf(tenant)).toBe('free')
    // The same one is good when it is signed as it should be.
    expect((await deliver(event)).status).toBe(200)
    expect(await planOf(tenant)).toBe('pro')
  })

  test('without a signature, or with a changed byte, are refused', async () => {
    const { tenant, subscription } = await makeCustomer()
    const event = about(subscription, 'created')
    const bare = await fetch(webhook, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(event),
    })
    expect(bare.status).toBe(401)
    const changed = JSON.stringify(event, null, 2).replace('"active"', '"trialing"')
    expect((await deliver(event, { body: changed })).status).toBe(401)
    expect(await planOf(tenant)).toBe('free')
  })

  test('of a customer that is no workspace are acknowledged, told to the log and not applied', async () => {
    const tenant = await makeTenant()
    stripe.customers.set('cus_foreign', {})
    const theirs = stripe.subscribe('cus_foreign', 'price_pro_month')
    const naming = { metadata: { workspaceId: tenant.workspaceId }, client_reference_id: tenant.workspaceId }
    lines.length = 0
    expect((await deliver(about(theirs, 'created', naming))).status).toBe(200)
    const session = { id: 'cs_1', object: 'checkout.session', customer: 'cus_foreign', ...naming }
    expect((await deliver(stripe.event('checkout.session.completed', session))).status).toBe(200)
    expect(await billing(tenant)).toMatchObject({ planSource: 'default', hasCustomer: false, subscription: null })
    expect(lines.filter((line) => line.includes('cus_foreign') && line.includes('no workspace'))).toHaveLength(2)
  })

  test('P6: touch no other workspace than that of their customer, whatever they name', async () => {
    const victim = await makeTenant()
    const { tenant, subscription } = await makeCustomer()
    const session = {
      ...{ id: 'cs_2', object: 'checkout.session', customer: subscription.customer },
      ...{ client_reference_id: victim.workspaceId, metadata: { workspaceId: victim.workspaceId } },
    }
    expect((await deliver(stripe.event('checkout.session.completed', session))).status).toBe(200)
    expect([await planOf(victim), await planOf(tenant)]).toEqual(['free', 'free'])
    await deliver(about(subscription, 'created', { metadata: { workspaceId: victim.workspaceId } }))
    expect([await planOf(victim), await planOf(tenant)]).toEqual(['free', 'pro'])
  })

  test('that cannot count yet, as Stripe is away, are not acknowledged, and count when they come again', async () => {
    const { tenant, subscription } = await makeCustomer()
    const event = about(subscription, 'created')
    stripe.failure = { status: 500 }
    expect((await deliver(event)).status).toBe(503)
    expect(await planOf(tenant)).toBe('free')
    stripe.failure = undefined
    expect((await deliver(event)).status).toBe(200)
    expect(await planOf(tenant)).toBe('pro')
  })

  test('about other things are acknowledged', async () => {
    expect((await deliver(stripe.event('payout.paid', { id: 'po_1', object: 'payout' }))).status).toBe(200)
  })
})

describe('the state of a subscription', () => {
  const mails = async (to: string) => {
    const folder = join(server.platform.config.dataDir, 'outbox')
    const names = await readdir(folder).catch(() => [])
    const texts = await Promise.all(
      names.filter((name) => name.endsWith('.eml')).map((name) => readFile(join(folder, name), 'utf8')),
    )
    return texts.filter((text) => text.includes(to))
  }

  test('past due keeps the plan for two weeks, with a mail to the owners; then it falls back, and returns when it is paid', async () => {
    const { tenant, subscription } = await makeCustomer()
    await deliver(about(subscription, 'created'))
    subscription.status = 'past_due'
    await deliver(
      stripe.event('invoice.payment_failed', { id: 'in_1', object: 'invoice', customer: subscription.customer }),
    )
    await deliver(about(subscription))
    const late = await billing(tenant)
    expect([late.plan.id, late.subscription?.status]).toEqual(['pro', 'past_due'])
    const grace = Date.parse(late.subscription!.graceEndsAt!) - Date.now()
    expect(Math.round(grace / dayMs)).toBe(14)
    await eventually(async () => expect(await mails(tenant.email)).toHaveLength(1))
    expect((await mails(tenant.email))[0]).toContain('did not go through')
    await check(13 * dayMs)
    expect(await planOf(tenant)).toBe('pro')
    await check(15 * dayMs)
    expect(await planOf(tenant)).toBe('free')
    subscription.status = 'active'
    await deliver(about(subscription))
    const paid = await billing(tenant)
    expect([paid.plan.id, paid.subscription?.graceEndsAt]).toEqual(['pro', null])
    expect(await mails(tenant.email)).toHaveLength(1)
  })

  test.each([
    ['active', 'pro'],
    ['trialing', 'pro'],
    ['incomplete', 'free'],
    ['unpaid', 'free'],
    ['paused', 'free'],
    ['canceled', 'free'],
    ['incomplete_expired', 'free'],
  ])('%s: the plan is %s', async (status, plan) => {
    const { tenant, subscription } = await makeCustomer({ status })
    await deliver(about(subscription))
    expect(await planOf(tenant)).toBe(plan)
    expect((await billing(tenant)).subscription?.status).toBe(status)
  })

  test('of several, the one that is paid counts', async () => {
    const { tenant, customer, subscription } = await makeCustomer()
    const newer = stripe.subscribe(customer, 'price_pro_year', {
      status: 'incomplete',
      created: subscription.created + 100,
    })
    await deliver(about(newer, 'created'))
    expect((await billing(tenant)).subscription).toMatchObject({ status: 'active', interval: 'month' })
  })

  test('what no event told is found by the hourly look', async () => {
    const { tenant } = await makeCustomer()
    expect(await planOf(tenant)).toBe('free')
    await check()
    expect(await planOf(tenant)).toBe('pro')
  })

  test('a price that was bought keeps its plan when the plan is sold at another one since', async () => {
    const { tenant, subscription } = await makeCustomer()
    await deliver(about(subscription, 'created'))
    stripe.addPrice({ id: 'price_pro_newer', cents: 2_500, interval: 'month' })
    await setPlan('pro', { monthlyPriceMicroUsd: 25_000_000, stripeMonthlyPriceId: 'price_pro_newer' })
    await deliver(about(subscription))
    const { plan, subscription: paid } = await billing(tenant)
    expect([plan.id, plan.monthlyPriceMicroUsd, paid?.priceMicroUsd]).toEqual(['pro', 25_000_000, 20_000_000])
    await setPlan('pro', { monthlyPriceMicroUsd: 20_000_000, stripeMonthlyPriceId: 'price_pro_month' })
  })
})

test('the plan that the operator gave counts before the one that is paid for, and nothing is sold beside it', async () => {
  const { tenant, subscription } = await makeCustomer()
  const put = (planId: string | null) =>
    server.owner.json<WorkspacePlan>('PUT', `/api/v1/workspace-plans/${tenant.workspaceId}`, { planId })
  await put('enterprise')
  await deliver(about(subscription, 'created'))
  expect(await billing(tenant)).toMatchObject({ planSource: 'operator', subscription: { status: 'active' } })
  expect(await planOf(tenant)).toBe('enterprise')
  expect(await problemOf(checkout(tenant))).toMatchObject({ code: 'conflict' })
  expect(await put(null)).toMatchObject({ planId: 'pro', source: 'subscription', subscribedPlanId: 'pro' })
  expect(await planOf(tenant)).toBe('pro')
})

describe('the price of a plan', () => {
  test.each([
    ['that is not there', { stripeMonthlyPriceId: 'price_nope' }, 'no such price'],
    ['of another amount', { monthlyPriceMicroUsd: 21_000_000 }, 'charges $20.00'],
    ['by the year in the place of one by the month', { stripeMonthlyPriceId: 'price_pro_year' }, 'every month'],
    ['of another plan', { stripeMonthlyPriceId: 'price_enterprise', monthlyPriceMicroUsd: 10_000_000 }, 'Another plan'],
    ['in another currency', { stripeMonthlyPriceId: 'price_euro' }, 'US dollars'],
    ['that is archived', { stripeMonthlyPriceId: 'price_archived' }, 'archived'],
  ])('in Stripe %s is refused, and nothing is changed', async (_what, change, message) => {
    stripe.addPrice({ id: 'price_euro', cents: 2_000, interval: 'month', currency: 'eur' })
    stripe.addPrice({ id: 'price_archived', cents: 2_000, interval: 'month', active: false })
    const response = await server.owner.fetch('/api/v1/plans/pro', {
      method: 'PATCH',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(change),
    })
    const problem = await problemOf(response)
    expect([problem.code, problem.errors?.[0]?.pointer]).toEqual(['unprocessable', '/stripeMonthlyPriceId'])
    expect(problem.detail).toContain(message)
    const { data } = await server.owner.json<{ data: { id: string }[] }>('GET', '/api/v1/plans')
    expect(data.find(({ id }) => id === 'pro')).toMatchObject({
      stripeMonthlyPriceId: 'price_pro_month',
      monthlyPriceMicroUsd: 20_000_000,
    })
  })
})

test('the doctor says whether Stripe takes the key', async () => {
  const doctor = async (key: string) => {
    const { DATABASE_URL: _, ...environment } = process.env
    const keys = { STRIPE_SECRET_KEY: key, STRIPE_WEBHOOK_SECRET: 'whsec_x', STRIPE_BASE_URL: stripe.url }
    const cwd = server.platform.config.dataDir
    const env = { ...environment, ...keys, PARLEY_DATA_DIR: join(cwd, 'nothing-here') }
    const cli = fileURLToPath(new URL('../../../../cli.ts', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [cli, 'doctor', '--json'], { cwd, env }).catch(
      (error) => error as { stdout: string },
    )
    const { findings } = JSON.parse(stdout) as { findings: { check: string; state: string; remedy?: string }[] }
    return findings.find(({ check }) => check === 'payments')
  }
  expect(await doctor(stripe.key)).toMatchObject({ state: 'ok' })
  expect(await doctor('sk_test_other')).toMatchObject({ state: 'problem', remedy: 'Check STRIPE_SECRET_KEY.' })
})

test('the key and the signing secret are in no line of the log', () => {
  const all = lines.join('\n')
  expect(all).not.toContain(stripe.key)
  expect(all).not.toContain(stripe.webhookSecret)
})

test('without a key there is nothing of it, and whoever asks is told so', async () => {
  const plain = await startServer()
  try {
    expect((await billing(plain.owner)).payments).toBe(false)
    for (const path of ['checkout', 'portal']) {
      const response = await plain.owner.fetch(`/api/v1/billing/${path}`, {
        method: 'POST',
        ...(path === 'portal' ? {} : { headers: { 'content-type': 'application/json' }, body: '{"planId":"pro"}' }),
      })
      const problem = await problemOf(response)
      expect([problem.code, problem.detail]).toEqual(['unprocessable', expect.stringContaining('set up no payments')])
    }
    const event = stripe.event('customer.subscription.created', { object: 'subscription', customer: 'cus_1' })
    const response = await stripe.deliver(event, `${plain.url}/api/v1/billing/stripe-webhook`)
    expect(response.status).toBe(404)
  } finally {
    await plain.close()
  }
})
