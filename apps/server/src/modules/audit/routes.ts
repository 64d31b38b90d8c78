import { auditEndpoints } from '@parley/contract'
import { z } from 'zod'
import { audit, auditRead, chainKey, installationChain } from '../../platform/audit/index.ts'
import type { Ctx } from '../../platform/context.ts'
import { decodeCursor, encodeCursor, type Http } from '../../platform/http/index.ts'
import { requireOperator } from '../usage/index.ts'
import { sendEntries } from './export-entries.ts'
import { presentEntries } from './present.ts'
import { changeSettings, readSettings } from './settings.ts'
import * as store from './store.ts'
import { dropWebhook, setWebhook } from './streams/webhook-settings.ts'
import { verifyChain } from './verify-database.ts'

const cursorSchema = z.int().min(1)
const log = { kind: 'audit-log' }

/** Mounts reading, exporting and verifying the audit log, and what is set about it. */
export function mountAudit(http: Http): void {
  http.route(auditEndpoints.listAuditEntries, async (ctx, { query }) => {
    const { limit, cursor, chain, ...filters } = query
    const after = cursor === undefined ? undefined : decodeCursor(cursorSchema, cursor)
    const read = { ...filters, chain: await openChain(ctx, chain) }
    const rows = await store.listEntries(ctx.db, read, { limit: limit + 1, newestFirst: true, after })
    const page = rows.slice(0, limit)
    await auditRead(ctx, { action: 'audit.read', subject: { ...log, id: chain }, workspaces: logOf(ctx, chain) })
    return {
      data: await presentEntries(ctx, page),
      nextCursor: rows.length > limit ? encodeCursor(page.at(-1)!.sequence) : null,
    }
  })

  http.route(auditEndpoints.exportAudit, async (ctx, { query }, { reply }) => {
    const { chain, ...filters } = query
    const read = { ...filters, chain: await openChain(ctx, chain) }
    await audit(ctx, {
      action: 'audit.exported',
      subject: { ...log, id: chain },
      after: filters,
      workspaces: logOf(ctx, chain),
    })
    return sendEntries(ctx, read, reply)
  })

  http.route(auditEndpoints.verifyAudit, async (ctx, { query }) =>
    verifyChain(ctx, await openChain(ctx, query.chain), { key: chainKey(ctx.keyring) }),
  )

  http.route(auditEndpoints.getAuditSettings, (ctx) => readSettings(ctx))
  http.route(auditEndpoints.updateAuditSettings, (ctx, { body }) => changeSettings(ctx, body))
  http.route(auditEndpoints.setAuditWebhook, (ctx, { body }) => setWebhook(ctx, body.url))
  http.route(auditEndpoints.deleteAuditWebhook, (ctx) => dropWebhook(ctx))
}

/** @throws AppError forbidden for the installation's log, unless the actor runs it */
async function openChain(ctx: Ctx, chain: 'workspace' | 'installation'): Promise<string> {
  if (chain === 'workspace') return ctx.actor.workspaceId
  await requireOperator(ctx)
  return installationChain
}

/** Where reading a log is written: in that log. */
function logOf({ actor }: Ctx, chain: 'workspace' | 'installation'): readonly string[] | 'installation' {
  return chain === 'workspace' ? [actor.workspaceId] : 'installation'
}
