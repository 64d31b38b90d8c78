import type { BodyOf, Invitation, invitationEndpoints, Page, QueryOf } from '@parley/contract'
import { idSchema } from '@parley/contract'
import { audit } from '../../../platform/audit/index.ts'
import { type Ctx, inTransaction } from '../../../platform/context.ts'
import { hashToken, newId, randomToken } from '../../../platform/crypto/index.ts'
import { AppError, notFound } from '../../../platform/errors.ts'
import { decodeCursor, encodeCursor, type Idempotency, once } from '../../../platform/http/index.ts'
import { line, type MailContent, queueMail, sendsMail } from '../../../platform/mail/index.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { announcePeople } from '../people/people.ts'
import { openGrantable } from '../roles/roles.ts'
import { findMember } from '../store.ts'
import { invitationUrl, presentInvitation, sealContext } from './present.ts'
import * as store from './store.ts'

const dayMs = 24 * 60 * 60 * 1000
const usualDays = 7
const openAtMost = 500
const againAfterMs = 60_000

/** A page of the workspace's invitations, newest first. */
export async function listInvitations(
  ctx: Ctx,
  { limit, cursor, state }: QueryOf<typeof invitationEndpoints.listInvitations>,
): Promise<Page<Invitation>> {
  const beforeId = cursor === undefined ? undefined : decodeCursor(idSchema, cursor)
  const page = { limit: limit + 1, beforeId, onlyOpen: state === 'waiting' }
  const rows = await store.listInvitations(ctx.db, ctx.actor.workspaceId, page)
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return {
    data: shown.map((row) => presentInvitation(ctx, row)),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(last.id) : null,
  }
}

/**
 * Invites somebody to the workspace: by a mail to their address, or without one by a link to hand over. Where no mail is
 * sent, the invitation for an address has a link to hand over, too.
 * @throws AppError forbidden for a role above the actor's own, conflict for who is here or invited already
 */
export async function invite(
  ctx: Ctx,
  { email, role, expiresInDays = usualDays, maxUses = 1 }: BodyOf<typeof invitationEndpoints.createInvitation>,
  idempotency: Idempotency | undefined,
): Promise<Invitation> {
  const made = await once(ctx, idempotency, async (tx) => {
    const { workspaceId, userId } = tx.actor
    const now = tx.clock.now()
    const held = await openGrantable(tx, role)
    if ((await store.countOpenInvitations(tx.db, workspaceId, now)) >= openAtMost) {
      throw new AppError('conflict', `${openAtMost} invitations are open. Revoke some that nobody needs.`)
    }
    if (email !== undefined && (await store.isMember(tx.db, workspaceId, email))) {
      throw taken('This person is in the workspace already.')
    }
    if (email !== undefined) await store.revokeInvitations(tx.db, workspaceId, { expiredEmail: email }, now)
    const id = newId()
    const token = randomToken()
    const byMail = email !== undefined && sendsMail(tx)
    const invitation = {
      id,
      workspaceId,
      email: email ?? null,
      ...held,
      tokenHash: hashToken(token),
      sealedToken: tx.keyring.seal(token, sealContext(id)),
      byMail,
      maxUses: email === undefined ? maxUses : 1,
      invitedBy: userId,
      expiresAt: new Date(now.getTime() + expiresInDays * dayMs),
      sentAt: byMail ? now : null,
    }
    if (!(await store.insertInvitation(tx.db, invitation, now))) {
      throw taken('This address is invited already. Send that invitation again, or revoke it first.')
    }
    if (byMail) await mail(tx, id)
    const after = { email, role, expiresAt: invitation.expiresAt, maxUses: invitation.maxUses, byMail }
    await audit(tx, { action: 'invitation.created', subject: { kind: 'invitation', id, name: email }, after })
    await emit(tx, { type: 'invitation-created', workspaceId, subjectId: id, data: { role, byMail } })
    return { id }
  })
  announcePeople(ctx, ctx.actor.workspaceId)
  return presentInvitation(ctx, await get(ctx, made.id))
}

/**
 * Mails an invitation again; what was mailed before goes on working. One without a mail is only renewed. Good again for as
 * long as at first.
 * @throws AppError not_found, forbidden, conflict for one that was accepted or revoked, rate_limited within a minute
 */
export async function resendInvitation(ctx: Ctx, id: string): Promise<Invitation> {
  await inTransaction(ctx, async (tx) => {
    const row = await get(tx, id)
    await openGrantable(tx, row.roleId ?? row.role)
    if (row.acceptedAt !== null || row.revokedAt !== null) {
      throw new AppError('conflict', 'This invitation was accepted or revoked. Make a new one.')
    }
    const now = tx.clock.now()
    if (row.sentAt !== null && now.getTime() - row.sentAt.getTime() < againAfterMs) {
      throw new AppError('rate_limited', 'It was sent a moment ago. Wait a minute.', { retryAfterSeconds: 60 })
    }
    const goodMs = row.expiresAt.getTime() - (row.sentAt ?? row.createdAt).getTime()
    const expiresAt = new Date(now.getTime() + goodMs)
    await store.markSent(tx.db, id, { sentAt: row.byMail ? now : null, expiresAt })
    if (row.byMail) await mail(tx, id)
    const after = { email: row.email, expiresAt }
    await audit(tx, {
      action: 'invitation.renewed',
      subject: { kind: 'invitation', id, name: row.email ?? undefined },
      after,
    })
  })
  announcePeople(ctx, ctx.actor.workspaceId)
  return presentInvitation(ctx, await get(ctx, id))
}

/**
 * Revokes an invitation.
 * @throws AppError not_found, also for one that was accepted or revoked
 */
export async function revokeInvitation(ctx: Ctx, id: string): Promise<void> {
  const { workspaceId } = ctx.actor
  await inTransaction(ctx, async (tx) => {
    if ((await store.revokeInvitations(tx.db, workspaceId, { id }, tx.clock.now())) === 0) throw notFound('invitation')
    const before = await get(tx, id)
    await audit(tx, {
      action: 'invitation.revoked',
      subject: { kind: 'invitation', id, name: before.email ?? undefined },
      before,
    })
    await emit(tx, { type: 'invitation-revoked', workspaceId, subjectId: id, data: {} })
  })
  announcePeople(ctx, ctx.actor.workspaceId)
}

async function get(ctx: Ctx, id: string) {
  const row = await store.findInvitation(ctx.db, ctx.actor.workspaceId, id)
  if (row === undefined) throw notFound('invitation')
  return row
}

async function mail(tx: Ctx, id: string): Promise<void> {
  const row = await get(tx, id)
  const inviter = await findMember(tx.db, tx.actor.workspaceId, tx.actor.userId)
  if (row.email === null || inviter === undefined) return
  const content = invitationMail(inviter, row.expiresAt, invitationUrl(tx, row))
  await queueMail(tx, { address: row.email }, content, { usefulUntil: row.expiresAt })
}

function invitationMail(inviter: { name: string; workspaceName: string }, expiresAt: Date, url: string): MailContent {
  const until = new Intl.DateTimeFormat('en', { dateStyle: 'long', timeZone: 'UTC' }).format(expiresAt)
  return {
    subject: line`${inviter.name} invites you to ${inviter.workspaceName}`,
    title: line`Join ${inviter.workspaceName}`,
    body: [
      line`${inviter.name} invites you to the workspace ${inviter.workspaceName} on Parley, an assistant for teams.`,
      { button: 'Accept the invitation', url },
    ],
    footer: [
      [`The link works until ${until}, for this address.`],
      line`If you do not know who this is, ignore this mail: nothing happens.`,
    ],
  }
}

function taken(message: string): AppError {
  return new AppError('conflict', message, { fields: [{ pointer: '/email', message }] })
}
