import type { Conversation, FileInfo, Started } from '@parley/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hostileMarkdown } from '../../../packages/ui/src/markdown/hostile-markdown.ts'
import { readEvents } from '../../server/src/testing/read-events.ts'
import { describeWithChromium } from '../../server/src/testing/services.ts'
import { type Caller, registerOwner } from '../../server/src/testing/start-server.ts'
import { type Stage, setStage, type Window } from './harness.ts'
import { beacons, dangersOfPage, scripts } from './hostile-content.ts'

// P8: what others wrote is shown in Chromium, in every place that shows it. No script runs, nothing leaves for elsewhere.

const perChat = 12
const markdown = [...hostileMarkdown.map(([, text]) => text), ...scripts, ...beacons]

describeWithChromium('hostile content', () => {
  let stage: Stage
  let owner: Caller
  let seen: Window
  /** What a page did that no page may: dialogs, other windows, leaving, addresses that are followed by themselves. */
  const acts: string[] = []
  const chats: string[] = []

  beforeAll(async () => {
    stage = await setStage({ env: { PARLEY_REQUESTS_PER_MINUTE: '0', PARLEY_EXPENSIVE_REQUESTS_PER_MINUTE: '0' } })
    owner = await registerOwner(stage.server.url, stage.server.setupUrl)
    await owner.json('POST', '/api/v1/model-providers', {
      name: 'Scripted',
      protocol: 'openai',
      baseUrl: stage.model.openaiBaseUrl,
      apiKey: 'sk-test',
    })
    for (let at = 0; at < markdown.length; at += perChat) chats.push(await tellChat(markdown.slice(at, at + perChat)))
    await nameEverything()
    seen = await stage.open()
    watch(seen)
    await signIn(seen)
  })
  afterAll(() => stage?.close())

  /** A chat in which each text is said by the person, told by a tool, and written by the model. */
  async function tellChat(texts: string[]): Promise<string> {
    const { id } = await owner.json<Conversation>('POST', '/api/v1/conversations', {
      title: texts[0]!.trim().slice(0, 150),
    })
    for (const text of texts) {
      stage.model.setScript(({ turn }) =>
        turn === 0
          ? [
              { type: 'reasoning', text },
              { type: 'tool-call', name: 'fixture__echo', arguments: JSON.stringify({ message: text }) },
            ]
          : [{ type: 'text', text }],
      )
      const { run } = await owner.json<Started>('POST', `/api/v1/conversations/${id}/messages`, { content: text })
      await readEvents(owner, run.id)
    }
    return id
  }

  /** Names of all that people can name. */
  async function nameEverything(): Promise<void> {
    const named = (text: string, characters: number) => text.trim().slice(0, characters)
    for (const [index, text] of scripts.entries()) {
      const name = named(text, 40)
      const attempts: [string, object][] = [
        ['groups', { name, description: named(text, 200) }],
        ['roles', { name, description: named(text, 200), scopes: ['models:read'] }],
        ['api-keys', { name, scopes: ['models:read'] }],
        ['service-accounts', { name }],
        ['presets', { name, description: named(text, 200), instructions: text }],
        ['conversations', { title: named(text, 150) }],
        ['mcp-servers', { name, transport: 'http', url: `${stage.model.url}/?${index}` }],
        ['model-providers', { name, protocol: 'openai', baseUrl: `${stage.model.url}/none`, force: true }],
      ]
      for (const [path, body] of attempts) {
        const response = await owner.fetch(`/api/v1/${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        })
        // Some names are refused, or there are enough of a kind: what counts is what is shown.
        expect([201, 400, 409, 422], `${path}: ${await response.clone().text()}`).toContain(response.status)
      }
    }
    await owner.json('PATCH', '/api/v1/me', { name: '<img src=x onerror=window.owned=1>' })
  }

  async function signIn({ page }: Window): Promise<void> {
    await page.goto('/login')
    await page.getByLabel('Email').fill('owner@example.com')
    await page.getByLabel('Password', { exact: true }).fill('a long test password')
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.waitForURL('/')
  }

  function watch({ page, context }: Window): void {
    page.on('dialog', (dialog) => {
      acts.push(`dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    page.on('framenavigated', (frame) => {
      if (!frame.url().startsWith(stage.server.url) && frame.url() !== 'about:blank')
        acts.push(`went to ${frame.url()}`)
    })
    page.on('popup', (popup) => acts.push(`opened ${popup.url()}`))
    context.on('request', (request) => {
      if (/^(https?|wss?):/.test(request.url()) && !request.url().startsWith(stage.server.url)) {
        acts.push(`asked ${request.url()}`)
      }
    })
  }

  const findDangers = async () => (await seen.page.evaluate(dangersOfPage)) as string[]

  async function look(where: string): Promise<void> {
    expect(await findDangers(), where).toEqual([])
    expect(acts, where).toEqual([])
    expect(seen.complaints, where).toEqual([])
  }

  test('there are at least 60 scripts and 50 beacons', () => {
    expect(new Set([...scripts, ...hostileMarkdown.map(([, text]) => text)]).size).toBeGreaterThanOrEqual(60)
    expect(new Set(beacons).size).toBeGreaterThanOrEqual(50)
    expect(new Set(scripts).size).toBeGreaterThanOrEqual(60)
  })

  describe('P8 provenance: messages, reasoning, tool calls and their results', () => {
    test.each(Array.from({ length: Math.ceil(markdown.length / perChat) }, (_, index) => index))(
      'chat %d',
      async (index) => {
        const { page } = seen
        await page.goto(`/c/${chats[index]}`)
        await page
          .getByRole('group', { name: /^Tool Echo/ })
          .first()
          .waitFor()
        // Every card and every piece of reasoning opened, and the links looked at.
        const closed = page.locator('[role="group"] button[aria-expanded="false"], main details:not([open]) > summary')
        for (let left = await closed.count(); left > 0; left--) await closed.first().click()
        for (const link of (await page.locator('main a[target="_blank"]').all()).slice(0, 5))
          await link.hover({ force: true })
        await page.locator('main .markdown').first().waitFor()
        await look(`chat ${index}`)
      },
    )
  })

  const settings =
    'profile security sessions api-keys models mcp-servers outgoing-requests people roles groups service-accounts sign-in provisioning usage workspace-usage budgets limits'

  describe('P8 provenance: names on the screens of settings', () => {
    test.each(settings.split(' '))('%s', async (path) => {
      const { page } = seen
      await page.goto(`/settings/${path}`)
      await page.locator('h1').first().waitFor()
      await page.waitForLoadState('networkidle')
      await look(path)
    })
  })

  test('names of files, also those that are turned around', async () => {
    const { id } = await owner.json<Conversation>('POST', '/api/v1/conversations', {})
    const content: object[] = [{ type: 'text', text: 'Files' }]
    const names = [
      '<img src=x onerror=window.owned=1>.txt',
      'invoice\u202Efdp.exe',
      '"onmouseover="window.owned=1".txt',
    ]
    for (const name of names) {
      const form = new FormData()
      form.set('file', new Blob(['<script>window.owned=1</script>'], { type: 'text/html' }), name)
      const response = await owner.fetch('/api/v1/files', { method: 'POST', body: form })
      content.push({ type: 'file', fileId: ((await response.json()) as FileInfo).id })
    }
    stage.model.setScript(() => [{ type: 'text', text: 'Seen.' }])
    const { run } = await owner.json<Started>('POST', `/api/v1/conversations/${id}/messages`, { content })
    await readEvents(owner, run.id)
    await seen.page.goto(`/c/${id}`)
    await seen.page.getByText('Seen.').waitFor()
    expect(await seen.page.locator('main').innerText()).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/)
    await look('files')
  })

  test('a file that is a page is not one here', async () => {
    const form = new FormData()
    form.set(
      'file',
      new Blob(['<!doctype html><script>document.title="owned"</script>'], { type: 'text/html' }),
      'a.html',
    )
    const response = await owner.fetch('/api/v1/files', { method: 'POST', body: form })
    const { id } = (await response.json()) as FileInfo
    const content = await owner.fetch(`/api/v1/files/${id}/content`)
    expect(content.headers.get('content-type')).not.toContain('html')
    expect(content.headers.get('x-content-type-options')).toBe('nosniff')
    expect(content.headers.get('content-security-policy')).toMatch(/default-src 'none'|sandbox/)
  })

  // So that silence means something: what is watched for is seen where it happens.
  test('a script, a beacon, a dialog and a way out are noticed', async () => {
    const other = await stage.open()
    const before = acts.length
    watch(other)
    await other.page.goto('/login')
    await other.page.evaluate("document.body.append(Object.assign(new Image(), { src: 'https://evil.example/x.png' }))")
    await expect.poll(() => other.complaints.join('\n')).toMatch(/evil\.example/)
    await other.page.evaluate("alert('control')")
    expect(acts.slice(before)).toContain('dialog: control')
    await other.page.evaluate("location.href = 'https://evil.example/away'").catch(() => undefined)
    await expect
      .poll(() => acts.slice(before).join('\n'))
      .toMatch(/(asked|went to) (https:\/\/evil\.example\/away|chrome-error)/)
    const hostile = '<img src=x onerror="window.owned=1"><a href="javascript:alert(1)">x</a>'
    await seen.page.evaluate("document.body.append(document.createElement('aside'))")
    // Through the debugger, which Trusted Types do not bind.
    const debuggerOf = await seen.context.newCDPSession(seen.page)
    const { root } = await debuggerOf.send('DOM.getDocument')
    const { nodeId } = await debuggerOf.send('DOM.querySelector', { nodeId: root.nodeId, selector: 'body > aside' })
    await debuggerOf.send('DOM.setOuterHTML', { nodeId, outerHTML: hostile })
    expect((await findDangers()).join('\n')).toMatch(/onerror[\s\S]*javascript:/)
  })
})
