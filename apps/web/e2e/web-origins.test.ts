import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { describeWithChromium } from '../../server/src/testing/services.ts'
import { expectAccessible, type Stage, setStage, type Window } from './harness.ts'
import { photograph } from './photograph.ts'

describeWithChromium('web origins', () => {
  let stage: Stage
  let ada: Window
  let page: Page
  let site: Server
  let origin: string
  let key: string

  beforeAll(async () => {
    stage = await setStage()
    site = createServer((_request, response) =>
      response.setHeader('content-type', 'text/html').end('<!doctype html><title>A site</title>'),
    ).listen(0, 'localhost')
    await new Promise((resolve) => site.once('listening', resolve))
    origin = `http://localhost:${(site.address() as AddressInfo).port}`
    ada = await stage.open()
    page = ada.page
    await page.goto(stage.server.setupUrl!)
    await page.getByLabel('Your name').fill('Ada Lovelace')
    await page.getByLabel('Workspace').fill('Engines')
    await page.getByLabel('Email').fill('ada@example.com')
    await page.getByLabel('Password').fill('correct horse battery staple')
    await page.getByRole('button', { name: 'Create workspace' }).click()
    await page.getByText('You are talking to the built-in guide').waitFor()
    key = await page.evaluate(async () => {
      const response = await fetch('/api/v1/api-keys', {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'parley-client': 'web' },
        body: JSON.stringify({ name: 'For the site' }),
      })
      return ((await response.json()) as { key: string }).key
    })
  })
  afterAll(async () => {
    site?.close()
    await stage?.close()
  })
  afterEach(() => {
    expect(ada.complaints).toEqual([])
  })

  /** What a page of the other site gets, in a browser where the person is signed in to Parley. */
  async function fromSite(init: { headers?: Record<string, string>; credentials?: 'include' }): Promise<string> {
    const other = await ada.context.newPage()
    await other.goto(origin)
    const outcome = await other.evaluate(
      async ({ url, init }) => {
        try {
          const response = await fetch(url, init)
          return `${response.status} ${((await response.json()) as { name?: string }).name ?? ''}`
        } catch {
          return 'refused'
        }
      },
      { url: `${stage.server.url}/api/v1/me`, init },
    )
    await other.close()
    return outcome
  }
  const withKey = () => ({ headers: { authorization: `Bearer ${key}` } })

  test('at first a browser refuses every other site', async () => {
    await page.goto('/settings/models')
    await page.getByRole('link', { name: 'Web origins' }).click()
    await page.getByRole('heading', { name: 'No other site yet' }).waitFor()
    await expectAccessible(page, 'web origins, empty')
    await photograph(page, 'web-origins-empty')
    expect(await fromSite(withKey())).toBe('refused')
  })

  test('a site is added, and its pages read with a key, but not with the cookie', async () => {
    await page.getByLabel('Site').fill('https://app.example.com/path')
    await page.getByRole('button', { name: 'Add site' }).click()
    await page
      .getByRole('alert')
      .filter({ hasText: /^It has to be scheme, host and port alone/ })
      .waitFor()
    await photograph(page, 'web-origins-problem')
    for (const each of ['https://app.example.com', origin]) {
      await page.getByLabel('Site').fill(each)
      await page.keyboard.press('Enter')
      await page.getByRole('button', { name: `Remove ${each}` }).waitFor()
    }
    await expectAccessible(page, 'web origins')
    await photograph(page, 'web-origins')
    expect(await fromSite(withKey())).toBe('200 Ada Lovelace')
    expect(await fromSite({ credentials: 'include' })).toBe('refused')
  })

  test('listed or not, a site cannot frame Parley, open its socket, or post with the cookie', async () => {
    const other = await ada.context.newPage()
    await other.goto(origin)
    await other.setContent(`<iframe src="${stage.server.url}/settings/profile"></iframe>`)
    expect(other.frames()[1]?.url()).toMatch(/^chrome-error:/)
    const socket = await other.evaluate((parley) => {
      const opening = new WebSocket(`${parley.replace('http', 'ws')}/api/v1/ws`)
      return new Promise((resolve) => {
        opening.addEventListener('open', () => resolve('open'))
        opening.addEventListener('error', () => resolve('refused'))
      })
    }, stage.server.url)
    expect(socket).toBe('refused')
    await other.setContent(
      `<form method="post" action="${stage.server.url}/api/v1/auth/logout"><button>Win a prize</button></form>`,
    )
    await other.getByRole('button').click()
    await other.waitForURL(`${stage.server.url}/**`)
    expect(await other.textContent('body')).toMatch(/"code":"(unauthenticated|csrf_failed)"/)
    await other.close()
    await page.reload()
    await page.getByRole('button', { name: `Remove ${origin}` }).waitFor()
  })

  test('and removed again', async () => {
    await page.getByRole('button', { name: `Remove ${origin}` }).click()
    await expectAccessible(page, 'remove a site')
    await page.getByRole('button', { name: 'Remove site' }).click()
    await page.getByRole('button', { name: `Remove ${origin}` }).waitFor({ state: 'detached' })
    expect(await fromSite(withKey())).toBe('refused')
  })
})
