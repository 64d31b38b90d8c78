import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The mails that lie in the outbox folder of a server without a mail server, as sent, oldest first; none half written. */
export async function outboxMails(dataDir: string): Promise<string[]> {
  const folder = join(dataDir, 'outbox')
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.eml'))
  return Promise.all(names.sort().map((name) => readFile(join(folder, name), 'utf8')))
}
