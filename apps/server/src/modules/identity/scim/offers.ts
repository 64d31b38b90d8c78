import type { Page, PageQuery, ProvisionedPerson } from '@parley/contract'
import { z } from 'zod'
import { audit } from '../../../platform/audit/index.ts'
import { type Ctx, inTransaction, type Platform, whenCommitted } from '../../../platform/context.ts'
import { hashToken, randomToken } from '../../../platform/crypto/index.ts'
import { AppError, notFound } from '../../../platform/errors.ts'
import { decodeCursor, encodeCursor } from '../../../platform/http/index.ts'
import { address, line, queueMail } from '../../../platform/mail/index.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { announceRevoked } from '../announce-revoked.ts'
import { applyGroupRoles } from '../groups/apply-group-roles.ts'
import { moveSession } from '../people/store.ts'
import * as store from './offer-store.ts'
import { beginMembership, findRoleById } from './user-store.ts'

const goodForMs = 30 * 24 * 60 * 60_000
const askedAgainAfterMs = 10 * 60_000

/**
 * Asks somebody whose account is older than their provisioning, by mail. The link and a sign-in to the account are needed
 * both: one shows that the address is theirs, the other that the account is.
 */
export async function offerMembership(
  tx: Platform,
  { workspaceId, userId, email, name }: { workspaceId: string; userId: string; email: string; name: string },
): Promise<void> {
  const now = tx.clock.now()
  const token = randomToken()
  await store.saveOffer(tx.db, { workspaceId, userId, offerHash: hashToken(token) }, now)
  const workspace = await store.getWorkspaceName(tx.db, workspaceId)
  await queueMail(
    tx,
    { address: email, name },
    {
      subject: line`Join ${workspace}?`,
      title: line`${workspace} wants to add you`,
      body: [
        line`The directory of ${workspace} lists you as one of its people. You have an account with this address already, so that nobody adds it without asking you.`,
        { button: 'Look at it', url: `${tx.config.http.publicUrl}/join-workspace#token=${token}` },
        line`Sign in as ${address(email)} there. Nothing changes until you agree, and your other workspaces stay as they are.`,
      ],
      footer: [line`If you do not know ${workspace}, ignore this mail, or decline.`],
    },
    { usefulUntil: new Date(now.getTime() + goodForMs) },
  )
}

/** @throws AppError not_found for a link that is not this person’s, or not good any more */
export async function lookAtOffer(ctx: Ctx, token: string): Promise<{ workspaceId: string; workspaceName: string }> {
  const { workspaceId, workspaceName } = await openOffer(ctx, token)
  return { workspaceId, workspaceName }
}

/**
 * Joins the workspace; the session goes on there.
 * @throws AppError not_found
 */
export async function acceptOffer(ctx: Ctx, token: string): Promise<void> {
  const { userId, credentialId } = ctx.actor
  await inTransaction(ctx, async (tx) => {
    const { workspaceId, heldRole, heldRoleId } = await openOffer(tx, token)
    const role = { role: heldRole, roleId: await findRoleById(tx.db, workspaceId, heldRoleId) }
    const now = tx.clock.now()
    await store.markAccepted(tx.db, { workspaceId, userId }, now)
    await beginMembership(tx.db, { workspaceId, userId, role }, now)
    await applyGroupRoles(tx, workspaceId, [userId])
    await moveSession(tx.db, { id: credentialId, userId: tx.actor.userId }, workspaceId, tx.clock.now())
    const after = { ...role, by: 'an offer of the directory' }
    await audit(tx, {
      action: 'member.added',
      subject: { kind: 'person', id: userId },
      after,
      workspaces: [workspaceId],
    })
    await emit(tx, { type: 'member-joined', workspaceId, subjectId: userId, data: role })
    whenCommitted(tx, () => announceRevoked(ctx, { credentialId }))
  })
}

/** @throws AppError not_found */
export async function declineOffer(ctx: Ctx, token: string): Promise<void> {
  const { userId } = ctx.actor
  await inTransaction(ctx, async (tx) => {
    const { workspaceId } = await openOffer(tx, token)
    await store.markDeclined(tx.db, { workspaceId, userId }, tx.clock.now())
    await audit(tx, { action: 'offer.declined', subject: { kind: 'person', id: userId }, workspaces: [workspaceId] })
    await emit(tx, { type: 'member-declined', workspaceId, subjectId: userId, data: {} })
  })
}

/**
 * Asks somebody again.
 * @throws AppError not_found, rate_limited shortly after the last mail
 */
export async function repeatOffer(ctx: Ctx, userId: string): Promise<void> {
  const { workspaceId } = ctx.actor
  await inTransaction(ctx, async (tx) => {
    const person = await store.lockWaiting(tx.db, workspaceId, userId)
    if (person === undefined) throw notFound('person who is waited for')
    const waitMs = (person.offeredAt?.getTime() ?? 0) + askedAgainAfterMs - tx.clock.now().getTime()
    if (waitMs > 0) {
      throw new AppError('rate_limited', 'They were asked a moment ago. Give them a little time.', {
        retryAfterSeconds: Math.ceil(waitMs / 1000),
      })
    }
    await offerMembership(tx, { workspaceId, userId, email: person.email, name: person.name })
    await audit(tx, { action: 'offer.repeated', subject: { kind: 'person', id: userId } })
  })
}

const cursorSchema = z.tuple([z.iso.datetime(), z.uuid()])

/** A page of the people of the directory who are not in. */
export async function listProvisionedPeople(ctx: Ctx, { limit, cursor }: PageQuery): Promise<Page<ProvisionedPerson>> {
  const after = cursor === undefined ? undefined : decodeCursor(cursorSchema, cursor)
  const rows = await store.listOutside(ctx.db, ctx.actor.workspaceId, { limit: limit + 1, after })
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return {
    data: page.map((row) => ({
      id: row.userId,
      name: row.name,
      userName: row.userName,
      state: !row.active ? 'suspended' : row.declinedAt === null ? 'waiting' : 'declined',
      changedAt: row.updatedAt.toISOString(),
      offeredAt: row.offeredAt?.toISOString() ?? null,
    })),
    nextCursor: rows.length > limit && last ? encodeCursor([last.updatedAt.toISOString(), last.userId]) : null,
  }
}

async function openOffer(ctx: Ctx, token: string) {
  const offer = await store.findOffer(ctx.db, hashToken(token), ctx.actor.userId)
  const oldest = new Date(ctx.clock.now().getTime() - goodForMs)
  if (offer === undefined || offer.offeredAt === null || offer.offeredAt < oldest) throw notFound('offer')
  return offer
}
