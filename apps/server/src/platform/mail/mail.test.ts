import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { simpleParser } from 'mailparser'
import pino from 'pino'
import { afterEach, expect, test } from 'vitest'
import { eventually } from '../../testing/eventually.ts'
import { startMailServer } from '../../testing/mail-server.ts'
import { makePlatform } from '../../testing/make-platform.ts'
import { loadConfig } from '../config/index.ts'
import { inTransaction, type Platform } from '../context.ts'
import { createJobs } from '../jobs/index.ts'
import { checkSmtp, defineMail, line, type MailContent, pruneMailFolder, queueMail } from './index.ts'
import { maskAddress, maskAddresses } from './mask-address.ts'
import { renderMail } from './render-mail.ts'
import { smtpOptions, smtpUrlProblem } from './smtp-options.ts'

const closers: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const content: MailContent = {
  subject: line`${'Ada\r\nBcc: everyone@example.com'} invites you`,
  title: line`Join ${'<b>Engines</b> https://evil.example/win'}`,
  body: [
    line`${'\u202eاسم'} & others wait for you.`,
    { facts: [['Role', line`member`]] },
    { button: 'Join', url: 'https://chat.example.com/invite#token=secret-token-1' },
  ],
  footer: [line`Sent to you alone.`],
}

async function working(smtp?: { env: Record<string, string> }): Promise<{ platform: Platform; logged: () => string }> {
  const made = await makePlatform()
  closers.push(made.drop)
  const { platform } = made
  let text = ''
  const write = (written: string) => {
    text += written
  }
  platform.log = pino({ level: 'trace' }, { write })
  if (smtp) {
    const { config, secrets } = loadConfig({ processEnv: smtp.env, folder: '/nonexistent' })
    platform.config.mail = config.mail
    platform.secrets.smtpUrl = secrets.smtpUrl
  }
  defineMail(platform)
  await platform.jobs.install()
  return { platform, logged: () => text }
}

async function begin(platform: Platform): Promise<void> {
  await platform.jobs.start(platform)
  closers.push(() => platform.jobs.stop())
}

const send = (platform: Platform, address: string, options = {}) =>
  inTransaction(platform, (tx) => queueMail(tx, { address, name: 'Bob "B" <x@y.z>' }, content, options))

test('a mail goes out by SMTP, in text and HTML, and nothing of it is in the queue or in the log', async () => {
  const smtp = await startMailServer()
  closers.push(smtp.close)
  const { platform, logged } = await working(smtp)
  await send(platform, 'bob@example.com')
  const { rows } = await sql`select j::text as job from pgboss.job j`.execute(platform.db)
  expect(JSON.stringify(rows)).toContain('deliver-mail')
  expect(JSON.stringify(rows)).not.toMatch(/bob@|secret-token|Ada/)
  await begin(platform)
  const mail = await smtp.next('bob@example.com')
  expect(mail.from?.text).toBe('"Parley" <parley@example.com>')
  expect(mail.headers.get('auto-submitted')).toBe('auto-generated')
  expect(mail.headers.has('bcc')).toBe(false)
  expect(mail.subject).toMatch(/^Ada Bcc: everyone\S+ invites you$/)
  expect(mail.link).toBe('https://chat.example.com/invite#token=secret-token-1')
  expect(mail.text).toContain('Role: member')
  expect(mail.html).toContain('href="https://chat.example.com/invite#token=secret-token-1"')
  expect(logged()).toContain('b***@e***.com')
  expect(logged()).not.toMatch(/bob@|secret-token|smtp secret|smtp%20secret/)
})

test('what people typed is escaped, isolated and no link; the mail loads nothing', () => {
  const { subject, html, text } = renderMail(content)
  expect(html).not.toContain('<b>Engines')
  expect(html).toContain('<bdi>&lt;b&gt;Engines&lt;/b&gt; ')
  for (const form of [subject, html, text]) expect(form).not.toMatch(/evil\.example|https:\/\/evil|\u202e|[\r]/)
  expect(text).toContain('\u2068اسم\u2069 & others')
  expect(html).not.toMatch(/<img|src=|url\(|@import|<link|<script/i)
  expect(html).toContain('prefers-color-scheme:dark')
  expect(html).toContain('<html lang="en" dir="ltr">')
  expect(renderMail({ ...content, language: 'ar-EG' }).html).toContain('<html lang="ar-EG" dir="rtl">')
  const long = plainTitle('x'.repeat(500))
  expect(long.length).toBeLessThan(100)
  const script = { ...content, body: [{ button: 'x', url: 'javascript:alert(1)' }] }
  expect(() => renderMail(script)).toThrow('web page')
})

const plainTitle = (name: string) => renderMail({ ...content, subject: line`${name}` }).subject

test('with no mail server it lies in the outbox folder, for this user alone, and for a month', async () => {
  const { platform, logged } = await working()
  await begin(platform)
  await send(platform, 'bob@example.com')
  const folder = join(platform.config.dataDir, 'outbox')
  await eventually(() => expect(readdirSync(folder).filter((name) => name.endsWith('.eml'))).toHaveLength(1))
  const file = join(folder, readdirSync(folder)[0]!)
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  const mail = await simpleParser(readFileSync(file))
  expect(mail.text).toContain('#token=secret-token-1')
  await eventually(() => expect(logged()).toContain(file))
  expect(logged()).not.toMatch(/bob@|secret-token/)
  await pruneMailFolder(platform.config, new Date())
  expect(readdirSync(folder)).toHaveLength(1)
  const old = Date.now() / 1000 - 31 * 24 * 60 * 60
  utimesSync(file, old, old)
  await pruneMailFolder(platform.config, new Date())
  expect(readdirSync(folder)).toHaveLength(0)
})

test('a mail waits for a mail server that is down, over a restart of ours, and goes out once it is back', async () => {
  const before = await startMailServer()
  const port = Number(new URL(before.url).port)
  await before.close()
  const { platform, logged } = await working(before)
  await platform.jobs.start(platform)
  await send(platform, 'late@example.com')
  await eventually(() => expect(logged()).toContain('did not take a mail'))
  await platform.jobs.stop()
  const { rows } = await sql<{ state: string }>`select state from pgboss.job where name = 'deliver-mail'`.execute(
    platform.db,
  )
  expect(rows).toEqual([{ state: 'retry' }])
  const back = await startMailServer({}, port)
  closers.push(back.close)
  // The same database and keys, under a new process's queue.
  const restarted = { ...platform, jobs: createJobs(platform.database, platform.log) }
  defineMail(restarted)
  await restarted.jobs.install()
  await begin(restarted)
  expect((await back.next('late@example.com')).subject).toContain('invites you')
})

test('what the mail server refuses for good is not tried again; a link that expired is not sent', async () => {
  let tries = 0
  const smtp = await startMailServer({
    onRcptTo({ address }, _session, done) {
      if (address !== 'gone@example.com') return done()
      tries += 1
      done(Object.assign(new Error('no such user gone@example.com'), { responseCode: 550 }))
    },
  })
  closers.push(smtp.close)
  const { platform, logged } = await working(smtp)
  await begin(platform)
  await send(platform, 'gone@example.com')
  await send(platform, 'expired@example.com', { usefulUntil: new Date(Date.now() - 1000) })
  await send(platform, 'there@example.com', { usefulUntil: new Date(Date.now() + 60_000) })
  await smtp.next('there@example.com')
  await eventually(() => expect(logged()).toContain('for good'))
  await smtp.none('expired@example.com')
  expect(tries).toBe(1)
  expect(logged()).not.toContain('gone@')
})

test('the doctor says what is wrong with a mail server', async () => {
  const smtp = await startMailServer()
  closers.push(smtp.close)
  expect(await checkSmtp(smtp.url)).toBeUndefined()
  expect((await checkSmtp(smtp.url.replace('parley:', 'other:')))?.remedy).toContain('user and the password')
  expect((await checkSmtp('smtp://127.0.0.1:1'))?.remedy).toContain('host and port')
  const plain = await startMailServer({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'] })
  closers.push(plain.close)
  expect(await checkSmtp(plain.url)).toBeUndefined() // this machine
})

test('a password leaves this machine under TLS only, unless the address says otherwise', () => {
  expect(smtpOptions('smtp://a%40b:p%2Fw@mail.example.com')).toMatchObject({
    port: 587,
    secure: false,
    requireTLS: true,
    auth: { user: 'a@b', pass: 'p/w' },
  })
  expect(smtpOptions('smtp://a:b@mail.example.com:2525?tls=optional')).toMatchObject({ port: 2525, requireTLS: false })
  expect(smtpOptions('smtp://a:b@127.0.0.1')).toMatchObject({ requireTLS: false })
  expect(smtpOptions('smtps://mail.example.com')).toMatchObject({ port: 465, secure: true })
  for (const bad of ['http://x', 'smtp://', 'smtp://h/path', 'smtp://h?tls=off', 'smtp://%zz@h', 'mail.example.com']) {
    expect(smtpUrlProblem(bad), bad).toBeDefined()
  }
})

test('settings that do not fit are told with their remedy, and without the password', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-mail-'))
  closers.push(() => rmSync(folder, { recursive: true }))
  const problems = (processEnv: Record<string, string>) => {
    try {
      return loadConfig({ processEnv, folder }).config.mail
    } catch (error) {
      return String((error as { problems?: string[] }).problems)
    }
  }
  expect(problems({ SMTP_URL: 'smtp://h:25' })).toMatch(/needs PARLEY_MAIL_FROM/)
  const both = problems({ SMTP_URL: 'http://a:hunter2@h', PARLEY_MAIL_FROM: 'nobody' })
  expect(both).toMatch(/SMTP_URL is not usable.*587/)
  expect(both).toMatch(/PARLEY_MAIL_FROM is "nobody"/)
  expect(both).not.toContain('hunter2')
  expect(problems({ SMTP_URL: 'smtp://h', PARLEY_MAIL_FROM: 'The Team <team@example.com>' })).toEqual({
    from: { name: 'The Team', address: 'team@example.com' },
  })
})

test('addresses are masked', () => {
  expect(maskAddress('ada@example.co.uk')).toBe('a***@e***.uk')
  expect(maskAddresses('550 <ada@example.com>: unknown, not bob@x')).toBe('550 <a***@e***.com>: unknown, not b***@x***')
})
