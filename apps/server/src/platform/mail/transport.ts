import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTransport, type SendMailOptions } from 'nodemailer'
import type { Config, Secrets } from '../config/index.ts'
import { smtpOptions } from './smtp-options.ts'

const keptMs = 30 * 24 * 60 * 60 * 1000

/** Where mails go: to a mail server, or to files in the data folder for the operator to hand over. */
export interface Transport {
  /** Answers the file, for a mail that went nowhere else. Throws nodemailer's errors. */
  send(id: string, mail: SendMailOptions): Promise<{ file?: string }>
}

/** SMTP where `SMTP_URL` is set, else the folder `outbox` in the data folder. */
export function createMailTransport(config: Config, secrets: Secrets): Transport {
  if (secrets.smtpUrl === undefined) return intoFolder(join(config.dataDir, 'outbox'))
  const smtp = createTransport(smtpOptions(secrets.smtpUrl))
  return {
    async send(_id, mail) {
      await smtp.sendMail(mail)
      return {}
    },
  }
}

/** A file a mail, for this user alone: they hold links that let people in. */
function intoFolder(folder: string): Transport {
  const composer = createTransport({ streamTransport: true, buffer: true, newline: 'unix' })
  return {
    async send(id, mail) {
      const { message } = await composer.sendMail(mail)
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const file = join(folder, `${id}.eml`)
      await writeFile(`${file}.new`, message as Buffer, { mode: 0o600 })
      await rename(`${file}.new`, file)
      return { file }
    },
  }
}

/** Deletes mails that have lain in the outbox folder for a month. */
export async function pruneMailFolder({ dataDir }: Config, now: Date): Promise<void> {
  const folder = join(dataDir, 'outbox')
  for (const name of await readdir(folder).catch(() => [])) {
    const file = join(folder, name)
    // One that was just being written has another name by now.
    const stats = await stat(file).catch(() => undefined)
    if (stats && now.getTime() - stats.mtimeMs > keptMs) await rm(file, { force: true })
  }
}
