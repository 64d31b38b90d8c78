import { crc32, deflateSync } from 'node:zlib'
import type { Conversation } from '@parley/contract'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { describeWithChromium } from '../../server/src/testing/services.ts'
import { registerOwner } from '../../server/src/testing/start-server.ts'
import { expectAccessible, type Stage, setStage, type Window } from './harness.ts'

/** What goes into a message, and how long chats are read. */
describeWithChromium('writing and reading', () => {
  let stage: Stage
  let window: Window
  let page: Window['page']

  beforeAll(async () => {
    stage = await setStage({ models: ['gpt-4o', 'scripted-large'] })
    const owner = await registerOwner(stage.server.url, stage.server.setupUrl)
    const provider = { name: 'Scripted', protocol: 'openai', baseUrl: stage.model.openaiBaseUrl, apiKey: 'k' }
    await owner.json('POST', '/api/v1/model-providers', provider)
    window = await stage.open()
    page = window.page
    await page.goto('/login')
    await page.getByLabel('Email').fill(owner.email)
    await page.getByLabel('Password').fill(owner.password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await page.getByText('What shall we talk through?').waitFor()
    send = async (conversationId, content) => {
      await owner.json('POST', `/api/v1/conversations/${conversationId}/messages`, { content }, { prefer: 'wait' })
    }
    newChat = () => owner.json<Conversation>('POST', '/api/v1/conversations', { title: 'A long one' })
  })
  afterAll(() => stage?.close())
  afterEach(() => expect(window.complaints).toEqual([]))

  let send: (conversationId: string, content: string) => Promise<void>
  let newChat: () => Promise<Conversation>
  const composer = () => page.getByLabel('Message', { exact: true })
  const answers = () => page.getByRole('article', { name: 'Parley', exact: true })
  const questions = () => page.getByRole('article', { name: 'You', exact: true })

  test('an image and a text file go to the model, and are shown with the message', async () => {
    await page.locator('input[type=file]').setInputFiles([
      { name: 'red.png', mimeType: 'image/png', buffer: redPixel() },
      { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('The gate code is 4711.') },
      { name: 'wrong.txt', mimeType: 'text/plain', buffer: Buffer.from('Not this one.') },
    ])
    await page.getByRole('button', { name: 'Remove wrong.txt' }).click()
    await expect.poll(() => page.getByRole('list', { name: 'Attached files' }).getByRole('listitem').count()).toBe(2)
    await expectAccessible(page, 'attached files')
    await composer().fill('What is this?\n!say A red dot.')
    await composer().press('Enter')
    const asked = () =>
      stage.model.requests.map(({ body }) => JSON.stringify(body)).find((body) => body.includes('What is'))
    await expect.poll(asked).toBeDefined()
    const sent = asked()
    expect(sent).toContain('data:image/png;base64,')
    expect(sent).toContain('The gate code is 4711.')
    expect(sent).not.toContain('Not this one.')
    await questions().getByRole('img', { name: 'red.png' }).waitFor()
    await expect.poll(() => page.evaluate(`document.querySelector('[aria-label=You] img').naturalWidth`)).toBe(1)
    await expectAccessible(page, 'message with files')
  })

  test('a model without eyes is not sent pictures: the composer says so', async () => {
    await page.getByRole('link', { name: 'New chat', exact: true }).click()
    await page.getByTestId('model-picker').click()
    await page.getByRole('option', { name: /scripted-large/ }).click()
    await page
      .locator('input[type=file]')
      .setInputFiles([{ name: 'red.png', mimeType: 'image/png', buffer: redPixel() }])
    await page.getByText('does not see images').waitFor()
    await composer().fill('And now?')
    expect(await page.getByRole('button', { name: 'Send', exact: true }).isDisabled()).toBe(true)
    await page.getByRole('button', { name: 'Remove red.png' }).click()
    await expect.poll(() => page.getByRole('button', { name: 'Send', exact: true }).isEnabled()).toBe(true)
  })

  test('Enter that ends a word being composed does not send', async () => {
    const before = stage.model.requests.length
    await composer().fill('かな')
    await composer().dispatchEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true })
    await page.waitForTimeout(200)
    expect(await composer().inputValue()).toBe('かな')
    expect(stage.model.requests.length).toBe(before)
  })

  test('what is written from right to left is shown so', async () => {
    await composer().fill('!say مرحبا، كيف حالك؟')
    await composer().press('Enter')
    const answer = answers().last().getByText('مرحبا، كيف حالك؟')
    await answer.waitFor()
    const paragraphs = `[...document.querySelectorAll('[aria-label=Parley] p')]`
    const direction = `getComputedStyle(${paragraphs}.find((one) => one.textContent.includes('مرحبا'))).direction`
    expect(await page.evaluate(direction)).toBe('rtl')
  })

  test('of a long chat the end is shown, and scrolling up brings the beginning without losing the place', async () => {
    const { id } = await newChat()
    for (let n = 1; n <= 45; n++) await send(id, `!say Answer number ${n}.\n${'Line of a question.\n'.repeat(6)}`)
    await page.goto(`/c/${id}`)
    await page.getByText('Answer number 45.', { exact: true }).waitFor()
    await expect.poll(() => page.getByText('Answer number 45.', { exact: true }).isVisible()).toBe(true)
    expect(await page.getByText('Answer number 1.', { exact: true }).count()).toBe(0)
    const before = await questions().count()
    await page.mouse.move(700, 400)
    const up = async () => {
      await page.mouse.wheel(0, -1500)
      return [await questions().count(), await page.evaluate<number>(scrolled)]
    }
    await expect.poll(up).toEqual([45, 0])
    await page.getByText('Answer number 1.', { exact: true }).waitFor()
    expect(before).toBeLessThan(45)
    await page.getByRole('button', { name: 'Latest' }).click()
    await expect.poll(() => page.evaluate<boolean>(atEnd)).toBe(true)
    await expectAccessible(page, 'a long chat')
  })
})

const scrolled = `document.querySelector('main .overflow-y-auto').scrollTop`
const atEnd = `[...document.querySelectorAll('[aria-label=Parley]')].at(-1).getBoundingClientRect().bottom < document.querySelector('form').getBoundingClientRect().top`

/** A PNG of one red pixel. */
function redPixel(): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data])
    const length = Buffer.alloc(4)
    length.writeUInt32BE(data.length)
    const sum = Buffer.alloc(4)
    sum.writeUInt32BE(crc32(body))
    return Buffer.concat([length, body, sum])
  }
  const header = Buffer.from([0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0])
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  const pixels = deflateSync(Buffer.from([0, 255, 0, 0]))
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))])
}
