import { type Platform, perServer } from '../context.ts'
import { newId } from '../crypto/index.ts'
import { maskAddress, maskAddresses } from './mask-address.ts'
import { type MailContent, type RenderedMail, renderMail } from './render-mail.ts'
import { createMailTransport } from './transport.ts'

const jobName = 'deliver-mail'
const sealContext = 'mail'
/** With the pauses of the queue: for about four hours. */
const retries = 32

export interface Recipient {
  address: string
  name?: string
}

interface StoredMail extends RenderedMail {
  id: string
  to: Recipient
  /** ISO 8601. After this nobody could use it. */
  usefulUntil?: string | undefined
}

/**
 * Queues a mail in the transaction of `tx`: with it the mail is kept or lost, and no request waits for a mail server.
 * Delivered at least once; a mail that comes twice carries the same Message-ID. What it says is sealed in the queue.
 */
export async function queueMail(
  tx: Platform,
  to: Recipient,
  content: MailContent,
  { usefulUntil }: { usefulUntil?: Date } = {},
): Promise<void> {
  const mail: StoredMail = { id: newId(), to, usefulUntil: usefulUntil?.toISOString(), ...renderMail(content) }
  await tx.jobs.enqueue(tx.db, jobName, { sealed: tx.keyring.seal(JSON.stringify(mail), sealContext) })
}

/** Whether mails leave this machine; otherwise they lie in `data/outbox` until the operator hands them over. */
export function sendsMail({ secrets }: Platform): boolean {
  return secrets.smtpUrl !== undefined
}

/** Says how queued mails are delivered. */
export function defineMail(platform: Platform): void {
  const options = { retries, timeoutSeconds: 120, concurrency: 2 }
  platform.jobs.define<{ sealed: string }>(jobName, options, async (ofJob, { sealed }) => {
    await deliver(ofJob, JSON.parse(ofJob.keyring.open(sealed, sealContext)) as StoredMail)
  })
}

const transports = perServer(({ config, secrets }) => createMailTransport(config, secrets))

async function deliver(platform: Platform, mail: StoredMail): Promise<void> {
  const { from } = platform.config.mail
  const to = maskAddress(mail.to.address)
  if (mail.usefulUntil !== undefined && new Date(mail.usefulUntil) <= platform.clock.now()) {
    platform.log.warn({ to }, 'A mail could not be delivered before its link expired, and was given up.')
    return
  }
  try {
    const { file } = await transports(platform).send(mail.id, {
      messageId: `<${mail.id}@${from.address.split('@')[1]}>`,
      from,
      to: { name: mail.to.name ?? '', address: mail.to.address },
      subject: mail.subject,
      text: mail.text,
      html: mail.html,
      // RFC 3834: out-of-office programs do not answer.
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
      disableFileAccess: true,
      disableUrlAccess: true,
    })
    if (file === undefined) platform.log.info({ to }, 'A mail was sent.')
    else platform.log.info({ to, file }, 'SMTP_URL is not set: a mail lies in the outbox folder instead.')
  } catch (error) {
    // The mail server's words may repeat the address, and a stack tells nothing.
    const reason = maskAddresses((error as Error).message)
    if (!isRefusedForGood(error)) throw new Error(`The mail server did not take a mail: ${reason}`)
    platform.log.warn({ to, reason }, 'The mail server refused a mail for good.')
  }
}

/** The recipient does not exist, or the content is not wanted; other refusals are for the operator to mend. */
function isRefusedForGood(error: unknown): boolean {
  const { responseCode = 0, command } = error as { responseCode?: number; command?: string }
  return responseCode >= 500 && (command === 'RCPT TO' || command === 'DATA')
}
