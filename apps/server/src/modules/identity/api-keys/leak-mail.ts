import { line, type MailContent } from '../../../platform/mail/index.ts'

/** Tells the owner of a key, or who made the service account it is of, why it stopped working. */
export function keyLeakedMail(
  key: { name: string; prefix: string; serviceAccount: string | undefined },
  source: string | undefined,
  publicUrl: string,
): MailContent {
  const whose = key.serviceAccount === undefined ? line`Your API key` : line`An API key of ${key.serviceAccount}`
  return {
    subject: line`An API key was found by others, and revoked`,
    title: line`An API key was revoked`,
    body: [
      [...whose, ...line` was reported as leaked: someone holds it who should not. It does not work any more.`],
      {
        facts: [
          ['Key', line`${key.name}, ${key.prefix}…`],
          ...(source === undefined ? [] : [['Found at', line`${source}`] as [string, ReturnType<typeof line>]]),
        ],
      },
      line`Make a new key for what used it, take the old one out of the place where it was found, and see in the list when and from where it was used last.`,
      { button: 'Open API keys', url: `${publicUrl}/settings/api-keys` },
    ],
    footer: [line`You get this mail because the key was yours to look after.`],
  }
}
