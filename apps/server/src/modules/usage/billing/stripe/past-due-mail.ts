import type { Platform } from '../../../../platform/context.ts'
import { line, type MailContent, queueMail } from '../../../../platform/mail/index.ts'
import { findWorkspace, listOwners } from '../../../identity/index.ts'
import { listPlans } from '../../limits/store.ts'
import { graceMs } from './read-subscription.ts'

/** Tells the owners of a workspace that a payment did not go through, in the transaction of `tx`. */
export async function mailPastDue(
  tx: Platform,
  workspaceId: string,
  planId: string | null,
  pastDueSince: Date,
): Promise<void> {
  const [workspace, owners, plans] = await Promise.all([
    findWorkspace(tx.db, workspaceId),
    listOwners(tx.db, workspaceId),
    listPlans(tx.db),
  ])
  const plan = plans.find(({ id }) => id === planId)?.name ?? 'paid'
  const until = new Date(pastDueSince.getTime() + graceMs)
  const content = pastDueMail(tx, workspace?.name ?? '', plan, until)
  for (const { name, email } of owners) await queueMail(tx, { address: email, name }, content)
}

function pastDueMail({ config }: Platform, workspace: string, plan: string, until: Date): MailContent {
  const day = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeZone: config.usage.timeZone }).format(until)
  return {
    subject: line`A payment for ${workspace} did not go through`,
    title: line`A payment did not go through`,
    body: [
      line`The plan ${plan} of the workspace ${workspace} could not be paid. It stays until ${day}, and payment is tried again meanwhile.`,
      line`Look whether the card has expired or was refused, and enter another one if need be.`,
      { button: 'Open billing', url: `${config.http.publicUrl}/settings/billing` },
    ],
    footer: [line`You get this mail because you own the workspace ${workspace}.`],
  }
}
