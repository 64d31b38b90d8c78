import type { Platform } from '../../platform/context.ts'
import { type Line, line, type MailContent, queueMail } from '../../platform/mail/index.ts'
import type { Client } from './client.ts'
import { deviceOf } from './sessions/device.ts'
import { getUser } from './store.ts'

/** Tells a person by mail what happened to their account, so that they notice when it was not them. */
export async function mailAboutSecurity(tx: Platform, userId: string, content: MailContent): Promise<void> {
  const { email } = await getUser(tx.db, userId)
  await queueMail(tx, { address: email }, content)
}

export function newBrowserMail(platform: Platform, client: Client): MailContent {
  const { browser, system } = deviceOf(client.userAgent ?? null)
  const facts: [string, Line][] = [
    ['Device', line`${[browser, system].filter((part) => part !== null).join(', ') || 'unknown'}`],
    ['Address', line`${client.address}`],
    ['Time', line`${timeFor(platform, client.timeZone)}`],
  ]
  return notice(
    platform,
    'New sign-in to your account',
    line`Your account was signed in to from a browser that was not used for it before.`,
    '/settings/sessions',
    facts,
  )
}

export function recoveryCodeUsedMail(platform: Platform, left: number): MailContent {
  const used = line`Somebody signed in to your account with one of its recovery codes. ${String(left)} are left.`
  return notice(platform, 'A recovery code was used', used, '/settings/security')
}

export function factorRemovedMail(platform: Platform, what: 'authenticator app' | 'passkey'): MailContent {
  const removed =
    what === 'passkey'
      ? line`A passkey was removed from your account.`
      : line`The authenticator app was removed from your account.`
  return notice(platform, 'Your sign-in has changed', removed, '/settings/security')
}

export function factorsResetMail(platform: Platform): MailContent {
  const reset = line`An admin of your workspace removed the authenticator app, the passkeys and the recovery codes of your account, and signed it out everywhere. Set up a new second step when you sign in.`
  return notice(platform, 'Your second step was reset', reset, '/settings/security')
}

function notice(
  { config }: Platform,
  subject: string,
  what: Line,
  path: string,
  facts: [string, Line][] = [],
): MailContent {
  return {
    subject: [subject],
    title: [subject],
    body: [
      what,
      ...(facts.length > 0 ? [{ facts }] : []),
      line`If this was not you, sign out everywhere else and change your password now.`,
      { button: 'Look at your account', url: config.http.publicUrl + path },
    ],
    footer: [line`If this was you, there is nothing to do.`],
  }
}

function timeFor({ clock }: Platform, timeZone = 'UTC'): string {
  const options = { dateStyle: 'medium', timeStyle: 'long', timeZone } as const
  return new Intl.DateTimeFormat('en', options).format(clock.now())
}
