import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { FileInfo, Problem, SignedIn } from '@parley/contract'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Caller, callerFor, startServer, type TestServer } from '../../testing/start-server.ts'

let server: TestServer
let stranger: Caller

beforeAll(async () => {
  server = await startServer({ env: { PARLEY_SIGNUP: 'open' } })
  const { accessToken } = await server.anyone.json<SignedIn>('POST', '/api/v1/auth/register', {
    email: 'stranger@example.com',
    password: 'a long test password',
    name: 'Sam',
  })
  stranger = callerFor(server.url, { authorization: `Bearer ${accessToken}` })
})
afterAll(() => server.close())

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
const gif = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64')

async function upload(content: Buffer | string, name = 'file', field = 'file', caller: Caller = server.owner) {
  const form = new FormData()
  form.set(field, new Blob([content]), name)
  return post(form, caller)
}

async function post(form: FormData, caller: Caller = server.owner) {
  const response = await caller.fetch('/api/v1/files', { method: 'POST', body: form })
  return { status: response.status, body: (await response.json()) as FileInfo & Problem }
}

/** All that the storage holds, drafts included. */
function storedFiles(): string[] {
  return readdirSync(join(server.platform.config.dataDir, 'files'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

async function countRows(): Promise<number> {
  return (await server.platform.db.selectFrom('files').select('id').execute()).length
}

/** Runs a refused upload, and checks that nothing of it is left. */
async function refused(attempt: () => Promise<{ status: number; body: Problem }>) {
  const before = [storedFiles(), await countRows()]
  const { status, body } = await attempt()
  expect([storedFiles(), await countRows()]).toEqual(before)
  return [status, body.code]
}

describe('uploading', () => {
  test.each([
    ['picture.png', png, 'image/png'],
    ['no-ending', gif, 'image/gif'],
    ['lies.txt', png, 'image/png'],
    ['lies.png', 'just text', 'text/plain'],
    ['GIF.txt', 'GIF is said in two ways', 'text/plain'],
    ['notes.md', '# Grüße 🎉', 'text/markdown'],
    ['table.CSV', 'a,b\n1,2', 'text/csv'],
    ['data.json', '{"a":1}', 'application/json'],
    ['page.html', '<script>alert(1)</script>', 'text/plain'],
    ['picture.svg', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', 'text/plain'],
    ['main.rs', 'fn main() {}', 'text/plain'],
    // The three bytes of each character lie across every border between pieces.
    ['long.txt', `x${'語'.repeat(100_000)}`, 'text/plain'],
  ])('%s is kept, and judged by its bytes', async (name, content, mediaType) => {
    const { status, body } = await upload(content, name)
    expect(status).toBe(201)
    expect(body).toMatchObject({ name, mediaType, bytes: Buffer.byteLength(content) })
    expect(await server.owner.json('GET', `/api/v1/files/${body.id}`)).toEqual(body)
    const download = await server.owner.fetch(`/api/v1/files/${body.id}/content`)
    expect(Buffer.from(await download.arrayBuffer()).equals(Buffer.from(content))).toBe(true)
  })

  test.each([
    ['a PDF', Buffer.from('%PDF-1.7\n1 0 obj')],
    ['a program', readFileSync(process.execPath).subarray(0, 10_000)],
    ['text with NUL', Buffer.from('text\0text')],
    ['NUL far behind', Buffer.concat([Buffer.alloc(100_000, 'a'), Buffer.from([0])])],
    ['Latin-1', Buffer.from('Grüße', 'latin1')],
    ['text that ends in the middle of a character', Buffer.from('Grü').subarray(0, 3)],
    ['text that ends so later', Buffer.concat([Buffer.alloc(100_000, 'a'), Buffer.from([0xe8, 0xaa])])],
    ['BMP', Buffer.concat([Buffer.from('BM'), Buffer.alloc(100)])],
  ])('%s is refused, and leaves nothing', async (_, content) => {
    expect(await refused(() => upload(content, 'file.png'))).toEqual([415, 'unsupported_media_type'])
  })

  test('with an Idempotency-Key is done once, also of several at once; another file with it is refused', async () => {
    const key = randomUUID()
    const send = async (content: string) => {
      const form = new FormData()
      form.set('file', new Blob([content]), 'once.txt')
      const headers = { 'idempotency-key': key }
      const response = await server.owner.fetch('/api/v1/files', { method: 'POST', body: form, headers })
      return { status: response.status, body: (await response.json()) as FileInfo & Problem }
    }
    const before = [storedFiles().length, await countRows()] as const
    const all = await Promise.all(['same', 'same', 'same', 'same'].map(send))
    const again = await send('same')
    expect(all.map(({ status }) => status)).toEqual([201, 201, 201, 201])
    for (const { body } of all) expect(body).toEqual(again.body)
    expect([storedFiles().length, await countRows()]).toEqual([before[0] + 1, before[1] + 1])
    expect(await refused(() => send('else'))).toEqual([409, 'idempotency_conflict'])
    const download = await server.owner.fetch(`/api/v1/files/${again.body.id}/content`)
    expect(await download.text()).toBe('same')
  })

  test('what is empty, in another field, one of two, or no file at all is refused', async () => {
    expect(await refused(() => upload('', 'empty.txt'))).toEqual([400, 'invalid_request'])
    expect(await refused(() => upload('text', 'a.txt', 'attachment'))).toEqual([400, 'invalid_request'])
    const two = new FormData()
    two.append('file', new Blob(['one']), 'one.txt')
    two.append('file', new Blob(['two']), 'two.txt')
    expect(await refused(() => post(two))).toEqual([400, 'invalid_request'])
    const none = new FormData()
    none.set('note', 'text')
    expect(await refused(() => post(none))).toEqual([400, 'invalid_request'])
  })

  test.each([
    ['multipart/form-data', '', 400],
    ['multipart/form-data; boundary=x', 'nothing like it', 400],
    [
      'multipart/form-data; boundary=x',
      '--x\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\ncut',
      400,
    ],
    ['application/json', '{}', 415],
    ['text/plain', 'text', 415],
  ])('a body of type %s that is %j is refused', async (type, body, status) => {
    const [answered] = await refused(async () => {
      const response = await server.owner.fetch('/api/v1/files', {
        method: 'POST',
        body,
        headers: { 'content-type': type },
      })
      return { status: response.status, body: (await response.json()) as Problem }
    })
    expect(answered).toBe(status)
  })

  test('20 MB are taken; more is refused and leaves nothing, announced or not', async () => {
    const limit = 20 * 1024 * 1024
    expect((await upload(Buffer.alloc(limit, 'a'), 'large.txt')).status).toBe(201)
    expect(await refused(() => upload(Buffer.alloc(limit + 1, 'a'), 'large.txt'))).toEqual([413, 'payload_too_large'])
    expect(await refused(() => upload(Buffer.alloc(limit + 100_000, 'a')))).toEqual([413, 'payload_too_large'])
  })

  test('an upload that breaks off leaves nothing', async () => {
    const before = [storedFiles(), await countRows()]
    const { hostname, port } = new URL(server.url)
    const socket = connect(Number(port), hostname)
    const head = '--x\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
    socket.write(
      `POST /api/v1/files HTTP/1.1\r\nhost: ${hostname}\r\nauthorization: ${server.owner.headers.authorization}\r\n` +
        `content-type: multipart/form-data; boundary=x\r\ncontent-length: 1000000\r\n\r\n${head}${'a'.repeat(200_000)}`,
    )
    await expect.poll(() => storedFiles().length).toBe((before[0] as string[]).length + 1)
    socket.destroy()
    await expect.poll(() => storedFiles()).toEqual(before[0])
    expect(await countRows()).toBe(before[1])
  })

  test('no other endpoint takes a form', async () => {
    const form = new FormData()
    form.set('name', 'Key')
    const response = await server.owner.fetch('/api/v1/api-keys', { method: 'POST', body: form })
    expect(response.status).toBe(415)
  })

  test.each([
    ['../../etc/passwd', 'passwd'],
    ['C:\\temp\\report.txt', 'report.txt'],
    ['..', 'file'],
    ['invoice\u202Egpj.exe.txt', 'invoicegpj.exe.txt'],
    ['a\u0000b\u0007c\u2028.txt', 'abc.txt'],
    [`${'ä'.repeat(300)}.txt`, `${'ä'.repeat(196)}.txt`],
    ['日本語 "quoted"; x=y.txt', '日本語 "quoted"; x=y.txt'],
  ])('a name like %j becomes %j', async (name, clean) => {
    const { cleanFileName } = await import('./file-name.ts')
    expect(cleanFileName(name)).toBe(clean)
    const { body } = await upload('text', name)
    const download = await server.owner.fetch(`/api/v1/files/${body.id}/content`)
    const disposition = download.headers.get('content-disposition') ?? ''
    expect(disposition).toMatch(/^attachment; filename="[^"\\]*"; filename\*=UTF-8''[\w.~!%-]+$/)
    expect(decodeURIComponent(disposition.split("''")[1] ?? '')).toBe(body.name)
    expect(body.name).not.toMatch(/[/\\\p{Cc}\u202e]/u)
  })
})

describe('downloading', () => {
  test('shows images, saves the rest, and lets a browser run nothing', async () => {
    const image = (await upload(png, 'a.png')).body
    const text = (await upload('<script>alert(1)</script>', 'a.html')).body
    for (const [file, disposition, type] of [
      [image, 'inline', 'image/png'],
      [text, 'attachment', 'text/plain; charset=utf-8'],
    ] as const) {
      const { headers } = await server.owner.fetch(`/api/v1/files/${file.id}/content`)
      expect(headers.get('content-disposition')).toMatch(new RegExp(`^${disposition};`))
      expect(headers.get('content-type')).toBe(type)
      expect(headers.get('content-security-policy')).toMatch(/^sandbox; default-src 'none'; frame-ancestors 'none'/)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('cache-control')).toBe('private, max-age=31536000, immutable')
    }
  })

  test('is not repeated for who has it, and has no body for HEAD', async () => {
    const { id } = (await upload(png)).body
    const first = await server.owner.fetch(`/api/v1/files/${id}/content`)
    const etag = first.headers.get('etag') ?? ''
    await first.arrayBuffer()
    const again = await server.owner.fetch(`/api/v1/files/${id}/content`, { headers: { 'if-none-match': etag } })
    expect([again.status, await again.text()]).toEqual([304, ''])
    const head = await server.owner.fetch(`/api/v1/files/${id}/content`, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, String(png.length), ''])
  })

  test('P6: a file of somebody else is not found', async () => {
    const { id } = (await upload(png)).body
    const missing = '01a20b35-6d84-702f-8bee-8598ef0a9caa'
    for (const path of ['', '/content']) {
      expect((await server.owner.fetch(`/api/v1/files/${id}${path}`)).status).toBe(200)
      const foreign = await stranger.fetch(`/api/v1/files/${id}${path}`)
      const nobody = await stranger.fetch(`/api/v1/files/${missing}${path}`)
      const { requestId: _, ...problem } = (await foreign.json()) as Problem
      expect(problem).toMatchObject({ status: 404, code: 'not_found' })
      expect(await nobody.json()).toMatchObject(problem)
      expect((await server.anyone.fetch(`/api/v1/files/${id}${path}`)).status).toBe(401)
    }
  })
})
