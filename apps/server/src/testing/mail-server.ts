import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'

/** A real SMTP server that keeps what it takes. */
export interface MailServer {
  /** For `SMTP_URL`. */
  url: string
  /** For `startServer` and `spawnServer`. */
  env: { SMTP_URL: string; PARLEY_MAIL_FROM: string }
  mails: ParsedMail[]
  /** The next mail to this address that was not asked for yet, and the link of its button. */
  next(to: string): Promise<ParsedMail & { link: string }>
  /** That no further mail to this address comes for a while. */
  none(to: string): Promise<void>
  close(): Promise<void>
}

const user = 'parley'
const password = 'smtp secret/100%'
const waitMs = 120_000

/** Starts it on `port`, by default a free one. It wants a password, as nearly all do. */
export async function startMailServer(options: SMTPServerOptions = {}, port = 0): Promise<MailServer> {
  const mails: ParsedMail[] = []
  const taken = new Set<ParsedMail>()
  const server = new SMTPServer({
    authMethods: ['PLAIN', 'LOGIN'],
    allowInsecureAuth: true,
    onAuth(auth, _session, done) {
      if (auth.username === user && auth.password === password) done(null, { user })
      else done(new Error('Invalid username or password'))
    },
    onData(stream, _session, done) {
      simpleParser(stream).then(
        (mail) => {
          mails.push(mail)
          done()
        },
        (error) => done(error),
      )
    },
    ...options,
  })
  server.listen(port, '127.0.0.1')
  await once(server.server, 'listening')
  const { port: listening } = server.server.address() as AddressInfo
  const url = `smtp://${user}:${encodeURIComponent(password)}@127.0.0.1:${listening}`
  const find = (to: string) => mails.find((mail) => !taken.has(mail) && addressesOf(mail).includes(to))
  return {
    url,
    env: { SMTP_URL: url, PARLEY_MAIL_FROM: 'Parley <parley@example.com>' },
    mails,
    async next(to) {
      const deadline = Date.now() + waitMs
      for (;;) {
        const mail = find(to)
        if (mail) {
          taken.add(mail)
          return Object.assign(mail, { link: linkOf(mail) })
        }
        if (Date.now() > deadline) throw new Error(`no mail came to ${to}`)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
    async none(to) {
      await new Promise((resolve) => setTimeout(resolve, 1_500))
      const mail = find(to)
      if (mail) throw new Error(`a mail came to ${to}: ${mail.subject}`)
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

function addressesOf({ to }: ParsedMail): (string | undefined)[] {
  return [to ?? []].flat().flatMap(({ value }) => value.map((each) => each.address))
}

/** The first address in the text: what its button leads to. */
function linkOf({ text }: ParsedMail): string {
  return /^https?:\S+$/m.exec(text ?? '')?.[0] ?? ''
}
