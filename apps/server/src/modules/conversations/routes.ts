import { endpoints } from '@parley/contract'
import { z } from 'zod'
import { audit } from '../../platform/audit/index.ts'
import { type Ctx, inTransaction } from '../../platform/context.ts'
import { newId } from '../../platform/crypto/index.ts'
import { AppError, notFound } from '../../platform/errors.ts'
import { decodeCursor, encodeCursor, type Http, once, versionAskedFor } from '../../platform/http/index.ts'
import { emit } from '../../platform/outbox/index.ts'
import { findNames } from '../identity/index.ts'
import { requireUsable } from '../presets/index.ts'
import { deleteShares, requireAccess } from '../sharing/index.ts'
import { announce, announceTo } from './announce.ts'
import { audienceOf } from './audience.ts'
import { openForReading, openForWriting } from './index.ts'
import { presentBranch, presentConversation } from './present.ts'
import * as store from './store.ts'

const listCursor = z.tuple([z.iso.datetime(), z.uuid()])
const branchCursor = z.uuid()

export function mountConversations(http: Http): void {
  http.route(endpoints.listConversations, async (ctx, { query }) => {
    const after = query.cursor === undefined ? undefined : decodeCursor(listCursor, query.cursor)
    const rows = await store.listConversations(ctx, {
      filter: query.filter,
      limit: query.limit,
      search: query.search,
      before: after && { updatedAt: after[0], id: after[1] },
    })
    const page = rows.slice(0, query.limit)
    const last = page.at(-1)
    const more = rows.length > page.length && last !== undefined
    return {
      data: page.map((row) => presentConversation(ctx, row)),
      nextCursor: more ? encodeCursor([last.updatedAt.toISOString(), last.id]) : null,
    }
  })

  http.route(endpoints.createConversation, async (ctx, { body }, { idempotency }) => {
    if (ctx.actor.resources?.conversations !== undefined) {
      throw new AppError('forbidden', 'This API key is limited to the conversations it names, and begins no other.')
    }
    const conversation = await once(ctx, idempotency, async (tx) => {
      if (body.presetId != null) await requireUsable(tx, body.presetId)
      const now = tx.clock.now()
      const row = await store.insertConversation(tx, {
        id: newId(),
        workspaceId: tx.actor.workspaceId,
        ownerId: tx.actor.userId,
        title: body.title ?? 'New conversation',
        titleSource: body.title === undefined ? 'none' : 'person',
        model: body.model ?? null,
        presetId: body.presetId ?? null,
        activeLeafId: null,
        createdAt: now,
        updatedAt: now,
      })
      await emit(tx, { type: 'conversation-created', workspaceId: row.workspaceId, subjectId: row.id, data: {} })
      return presentConversation(tx, row)
    })
    announce(ctx, { type: 'conversation-changed', conversationId: conversation.id, version: conversation.version })
    return conversation
  })

  http.route(endpoints.getConversation, async (ctx, { params }) =>
    presentConversation(ctx, requireAccess(await store.showConversation(ctx, params.id), 'conversation', 'view')),
  )

  http.route(endpoints.updateConversation, async (ctx, { params, body }, { request }) => {
    const { activeMessageId, version, title, model, presetId } = body
    const row = await inTransaction(ctx, async (tx) => {
      // Which branch is shown changes with every message too; the rest is the conversation's own.
      const least = title === undefined && model === undefined && presetId === undefined ? 'use' : 'edit'
      await openForWriting(tx, params.id, version ?? versionAskedFor(request), least)
      if (activeMessageId !== undefined) await requireMessageIn(tx, params.id, activeMessageId)
      const updated = await store.updateConversation(tx, params.id, {
        ...(title === undefined ? {} : { title, titleSource: 'person' }),
        ...(presetId === undefined ? {} : await choosePreset(tx, presetId)),
        ...(model === undefined ? {} : { model }),
        ...(activeMessageId === undefined
          ? {}
          : { activeLeafId: await store.newestLeafBelow(tx, params.id, activeMessageId) }),
      })
      await emit(tx, {
        type: 'conversation-changed',
        workspaceId: updated.workspaceId,
        subjectId: updated.id,
        data: { changed: Object.keys(body) },
      })
      return updated
    })
    announce(ctx, { type: 'conversation-changed', conversationId: row.id, version: row.version })
    return presentConversation(ctx, row)
  })

  http.route(endpoints.deleteConversation, async (ctx, { params }) => {
    const others = await inTransaction(ctx, async (tx) => {
      const row = await openForWriting(tx, params.id, undefined, 'manage')
      const audience = await audienceOf(tx).find(tx, row.id)
      await store.deleteConversation(tx, row.id)
      await deleteShares(tx, { kind: 'conversation', id: row.id })
      await audit(tx, { action: 'conversation.deleted', subject: { kind: 'conversation', id: row.id }, before: row })
      await emit(tx, { type: 'conversation-deleted', workspaceId: row.workspaceId, subjectId: row.id, data: {} })
      return audience
    })
    ctx.bus.publish('conversation-deleted', params.id)
    announceTo(ctx, others, { type: 'conversation-deleted', conversationId: params.id })
  })

  http.route(endpoints.listParticipants, async (ctx, { params }) => {
    const { ownerId } = await openForReading(ctx, params.id)
    const ids = [...new Set([ownerId, ...(await store.listAuthorIds(ctx, params.id))])]
    const names = await findNames(ctx, ids)
    return { data: ids.map((id) => ({ id, name: names.get(id) ?? 'Someone who left' })) }
  })

  http.route(endpoints.listMessages, async (ctx, { params, query }) => {
    const conversation = await openForReading(ctx, params.id)
    const from =
      query.cursor === undefined ? (query.leaf ?? conversation.activeLeafId) : decodeCursor(branchCursor, query.cursor)
    if (from === null) return { data: [], nextCursor: null }
    const rows = await store.listBranch(ctx, conversation.id, from, query.limit)
    if (rows.length === 0) throw notFound('message')
    const earliest = rows.at(-1)!
    return {
      data: presentBranch(rows),
      nextCursor: earliest.parentId === null ? null : encodeCursor(earliest.parentId),
    }
  })
}

/** What a preset changes of a conversation: its model takes the place of the one that was chosen before. */
async function choosePreset(tx: Ctx, presetId: string | null): Promise<{ presetId: string | null; model?: null }> {
  if (presetId === null) return { presetId }
  const { model } = await requireUsable(tx, presetId)
  return model === null ? { presetId } : { presetId, model: null }
}

async function requireMessageIn(ctx: Ctx, conversationId: string, id: string) {
  const message = await store.findMessage(ctx, id)
  if (message?.conversationId !== conversationId) throw notFound('message')
}
