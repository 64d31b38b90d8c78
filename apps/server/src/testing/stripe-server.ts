import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import Stripe from 'stripe'
import { type Form, readForm } from './stripe-form.ts'
import {
  checkoutSession,
  customerObject,
  listOf,
  type Price,
  portalSession,
  priceObject,
  type StripeObject,
  type Subscription,
  subscriptionObject,
} from './stripe-objects.ts'

/** A request as it arrived. */
export interface StripeRequest {
  method: string
  path: string
  headers: IncomingMessage['headers']
  form: Form
}

/**
 * What of Stripe's API a subscription needs, by docs.stripe.com/api: form-encoded requests with a version and a bearer key,
 * idempotency keys that replay, errors in its shape, the hosted pages for checkout and customers, and signed webhooks.
 */
export interface StripeServer {
  url: string
  key: string
  webhookSecret: string
  requests: StripeRequest[]
  prices: Map<string, Price>
  customers: Map<string, StripeObject>
  subscriptions: Map<string, Subscription>
  /** Every request is answered so, until it is taken back. `gone`: the connection is cut. */
  failure: { status: number; headers?: Record<string, string> } | 'gone' | undefined
  /** Where its events go by themselves when somebody acts on its pages; nowhere where it is not set. */
  webhookUrl: string | undefined
  /** Called before a list of subscriptions is answered, with what it was read as. */
  beforeList: (() => Promise<void>) | undefined
  addPrice(price: Price): void
  /** Makes a subscription of a customer, as if it had been bought; no event is sent. */
  subscribe(customer: string, price: string, more?: Partial<Subscription>): Subscription
  /** An event about an object as it is now. */
  event(type: string, object: unknown, more?: object): StripeObject
  /** Sends an event to `to`, signed. */
  deliver(
    event: StripeObject,
    to: string,
    options?: { timestamp?: number; secret?: string; body?: string },
  ): Promise<Response>
  close(): Promise<void>
}

export async function startStripeServer(): Promise<StripeServer> {
  const replays = new Map<string, { fingerprint: string; status: number; body: StripeObject }>()
  const sessions = new Map<string, { object: StripeObject; form: Form }>()
  const portals = new Map<string, { customer: string; returnUrl: string }>()
  const server = createServer((request, response) => {
    answer(request, response).catch((error) => {
      response.writeHead(500).end(String(error))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { webhooks } = new Stripe('sk_test_unused')

  const stripe: StripeServer = {
    url,
    key: `sk_test_${randomBytes(12).toString('hex')}`,
    webhookSecret: `whsec_${randomBytes(16).toString('hex')}`,
    requests: [],
    prices: new Map(),
    customers: new Map(),
    subscriptions: new Map(),
    failure: undefined,
    webhookUrl: undefined,
    beforeList: undefined,
    addPrice: (price) => stripe.prices.set(price.id, price),
    subscribe(customer, price, more = {}) {
      const subscription: Subscription = {
        id: newId('sub'),
        customer,
        price,
        itemId: newId('si'),
        quantity: 1,
        status: 'active',
        created: now(),
        currentPeriodEnd: now() + 30 * 86_400,
        cancelAtPeriodEnd: false,
        metadata: {},
        ...more,
      }
      stripe.subscriptions.set(subscription.id, subscription)
      return subscription
    },
    event: (type, object, more = {}) => ({
      id: newId('evt'),
      object: 'event',
      api_version: '2026-10-28.endive',
      created: now(),
      livemode: false,
      pending_webhooks: 1,
      request: { id: null, idempotency_key: null },
      type,
      data: { object },
      ...more,
    }),
    deliver(event, to, { timestamp, secret = stripe.webhookSecret, body } = {}) {
      const payload = JSON.stringify(event, null, 2)
      const signature = webhooks.generateTestHeaderString({
        payload,
        secret,
        ...(timestamp === undefined ? {} : { timestamp }),
      })
      return fetch(to, {
        method: 'POST',
        headers: {
          'content-type': 'application/json; charset=utf-8',
          'stripe-signature': signature,
          'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
        },
        body: body ?? payload,
      })
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, search } = new URL(request.url ?? '/', url)
    const method = request.method ?? 'GET'
    let text = ''
    for await (const chunk of request) text += String(chunk)
    if (!pathname.startsWith('/v1/')) return hostedPage(method, pathname, response)
    const form = readForm(method === 'GET' ? search.slice(1) : text)
    stripe.requests.push({ method, path: pathname, headers: request.headers, form })
    if (stripe.failure === 'gone') {
      request.socket.destroy()
      return
    }
    if (stripe.failure) {
      const { status, headers = {} } = stripe.failure
      const type = status === 429 ? 'rate_limit_error' : 'api_error'
      return send(
        response,
        status,
        { error: { type, message: 'Not now.' } },
        { ...headers, 'stripe-should-retry': 'false' },
      )
    }
    const refused = refuse(request)
    if (refused) return send(response, ...refused)
    const key = request.headers['idempotency-key']
    const replayKey = typeof key === 'string' && method === 'POST' ? key : undefined
    const fingerprint = createHash('sha256').update(`${pathname} ${text}`).digest('hex')
    const replay = replayKey === undefined ? undefined : replays.get(replayKey)
    if (replay && replay.fingerprint !== fingerprint) {
      const message = `Keys for idempotent requests can only be used with the same parameters they were first used with.`
      return send(response, 400, { error: { type: 'idempotency_error', message } })
    }
    if (replay) return send(response, replay.status, replay.body, { 'idempotent-replayed': 'true' })
    if (pathname === '/v1/subscriptions' && method === 'GET') {
      // What is read now may be old when it arrives.
      const [status, body] = api(method, pathname, form)
      const read = JSON.parse(JSON.stringify(body)) as StripeObject
      await stripe.beforeList?.()
      return send(response, status, read)
    }
    const [status, body] = api(method, pathname, form)
    if (replayKey !== undefined) replays.set(replayKey, { fingerprint, status, body })
    return send(response, status, body)
  }

  function refuse({ headers, method }: IncomingMessage): [number, StripeObject] | undefined {
    if (headers.authorization !== `Bearer ${stripe.key}`) {
      return [401, { error: { type: 'invalid_request_error', message: 'Invalid API Key provided: sk_test_****' } }]
    }
    if (method === 'POST' && headers['content-type'] !== 'application/x-www-form-urlencoded') {
      return [400, { error: { type: 'invalid_request_error', message: 'not form-encoded' } }]
    }
    return undefined
  }

  function api(method: string, path: string, form: Form): [number, StripeObject] {
    const [, , kind, id = ''] = path.split('/')
    const customer = typeof form.customer === 'string' ? form.customer : undefined
    switch (`${method} ${kind}`) {
      case 'POST customers': {
        const made = customerObject(newId('cus'), form)
        stripe.customers.set(String(made.id), made)
        return [200, made]
      }
      case 'POST checkout': {
        if (!stripe.customers.has(customer ?? '')) return missing(400, 'customer', customer)
        const [item] = Object.values((form.line_items ?? {}) as Record<string, Form>)
        if (!stripe.prices.has(String(item?.price))) return missing(400, 'line_items[0][price]', String(item?.price))
        const object = checkoutSession(newId('cs_test'), form, url)
        sessions.set(String(object.id), { object, form })
        return [200, object]
      }
      case 'POST billing_portal': {
        if (!stripe.customers.has(customer ?? '')) return missing(400, 'customer', customer)
        const object = portalSession(newId('bps'), form, url)
        portals.set(String(object.id), { customer: customer!, returnUrl: String(form.return_url) })
        return [200, object]
      }
      case 'GET prices': {
        if (id === '') return [200, listOf([...stripe.prices.values()].map(priceObject), path)]
        const price = stripe.prices.get(id)
        return price ? [200, priceObject(price)] : missing(404, 'price', id)
      }
      case 'GET subscriptions': {
        if (id !== '') {
          const one = stripe.subscriptions.get(id)
          return one ? [200, present(one)] : missing(404, 'id', id)
        }
        if (!stripe.customers.has(customer ?? '')) return missing(400, 'customer', customer)
        const own = [...stripe.subscriptions.values()].filter((one) => one.customer === customer)
        const asked = own.filter(({ status }) => form.status === 'all' || status !== 'canceled')
        return [200, listOf(asked.reverse().map(present), path)]
      }
      case 'POST subscriptions': {
        const one = stripe.subscriptions.get(id)
        if (!one) return missing(404, 'id', id)
        const [item] = Object.values((form.items ?? {}) as Record<string, Form>)
        if (item?.id === one.itemId && item.quantity !== undefined) one.quantity = Number(item.quantity)
        return [200, present(one)]
      }
      default:
        return [
          404,
          { error: { type: 'invalid_request_error', message: `Unrecognized request URL (${method}: ${path}).` } },
        ]
    }
  }

  const present = (one: Subscription) => subscriptionObject(one, stripe.prices.get(one.price)!)

  /** What people see of Stripe: a page to pay on, and one to manage it on. */
  async function hostedPage(method: string, path: string, response: ServerResponse): Promise<void> {
    const [, kind, , id = ''] = path.split('/')
    const session = sessions.get(id)
    const portal = portals.get(id)
    if (kind === 'c' && session) {
      const { form } = session
      if (method === 'GET') return page(response, 'Subscribe', 'Subscribe', path, String(form.cancel_url))
      const [item] = Object.values(form.line_items as Record<string, Form>)
      const { metadata } = (form.subscription_data ?? {}) as { metadata?: Record<string, string> }
      const bought = stripe.subscribe(String(form.customer), String(item!.price), {
        quantity: Number(item!.quantity),
        metadata: metadata ?? {},
      })
      Object.assign(session.object, { status: 'complete', payment_status: 'paid', subscription: bought.id, url: null })
      await tell('checkout.session.completed', session.object)
      await tell('customer.subscription.created', present(bought))
      return redirect(response, String(form.success_url))
    }
    if (kind === 'p' && portal) {
      if (method === 'GET') return page(response, 'Your subscription', 'Cancel plan', path, portal.returnUrl)
      for (const one of stripe.subscriptions.values()) {
        if (one.customer !== portal.customer) continue
        one.cancelAtPeriodEnd = true
        await tell('customer.subscription.updated', present(one))
      }
      return redirect(response, portal.returnUrl)
    }
    response.writeHead(404).end()
  }

  async function tell(type: string, object: StripeObject): Promise<void> {
    if (stripe.webhookUrl !== undefined) await stripe.deliver(stripe.event(type, object), stripe.webhookUrl)
  }

  return stripe
}

function missing(status: number, param: string, id: string | undefined): [number, StripeObject] {
  const kind = param.includes('price') ? 'price' : param === 'id' ? 'subscription' : param
  const message = `No such ${kind}: '${id}'`
  const doc_url = 'https://stripe.com/docs/error-codes/resource-missing'
  return [status, { error: { type: 'invalid_request_error', code: 'resource_missing', param, message, doc_url } }]
}

function send(
  response: ServerResponse,
  status: number,
  body: StripeObject,
  headers: Record<string, string> = {},
): void {
  response
    .writeHead(status, {
      'content-type': 'application/json',
      'request-id': newId('req'),
      'stripe-version': '2026-10-28.endive',
      ...headers,
    })
    .end(JSON.stringify(body, null, 2))
}

function page(response: ServerResponse, title: string, button: string, path: string, back: string): void {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(
    `<!doctype html><html lang="en"><title>${title}</title><h1>${title}</h1>
    <form method="post" action="${path}"><button>${button}</button></form><a href="${back}">Back</a></html>`,
  )
}

function redirect(response: ServerResponse, to: string): void {
  response.writeHead(303, { location: to }).end()
}

function now(): number {
  return Math.floor(Date.now() / 1000)
}

function newId(prefix: string): string {
  return `${prefix}_${randomBytes(12).toString('hex')}`
}
