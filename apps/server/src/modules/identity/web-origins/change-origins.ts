import { mostWebOrigins, type WebOrigin } from '@parley/contract'
import { audit } from '../../../platform/audit/index.ts'
import { type Ctx, inTransaction } from '../../../platform/context.ts'
import { newId } from '../../../platform/crypto/index.ts'
import { AppError, notFound } from '../../../platform/errors.ts'
import { type Idempotency, once } from '../../../platform/http/index.ts'
import { emit } from '../../../platform/outbox/index.ts'
import { webOriginsChanged } from './may-call-from.ts'
import { deleteWebOrigin, insertWebOrigin, listWebOrigins, lockWorkspace, type WebOriginRow } from './store.ts'

const onThisMachine = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/

/**
 * Lets the pages of a site call the API of the actor's workspace.
 * @throws AppError invalid_request for a site without HTTPS, where Parley has it; conflict when it is on the list, or that is full
 */
export async function addWebOrigin(ctx: Ctx, origin: string, idempotency: Idempotency | undefined): Promise<WebOrigin> {
  const { workspaceId, userId } = ctx.actor
  if (origin.startsWith('http:') && ctx.config.http.secureCookies && !onThisMachine.test(origin)) {
    const message = 'Use https://. Whoever is on the way to a site without it could put a page of theirs in its place.'
    throw new AppError('invalid_request', message, { fields: [{ pointer: '/origin', message }] })
  }
  return once(ctx, idempotency, async (tx) => {
    await lockWorkspace(tx.db, workspaceId)
    const id = newId()
    if (!(await insertWebOrigin(tx.db, { id, workspaceId, origin, createdBy: userId, createdAt: tx.clock.now() }))) {
      throw new AppError('conflict', `${origin} is on the list already.`)
    }
    const all = await listWebOrigins(tx.db, workspaceId)
    if (all.length > mostWebOrigins) {
      throw new AppError('conflict', `There are ${mostWebOrigins} sites already. Remove one of them first.`)
    }
    await audit(tx, {
      action: 'web-origin.created',
      subject: { kind: 'web-origin', id, name: origin },
      after: { origin },
    })
    await emit(tx, { type: 'web-origin-added', workspaceId, subjectId: id, data: { origin, userId } })
    webOriginsChanged(tx)
    return presentWebOrigin(all.find((row) => row.id === id)!)
  })
}

/**
 * Has browsers refuse the pages of a site again.
 * @throws AppError not_found
 */
export async function removeWebOrigin(ctx: Ctx, id: string): Promise<void> {
  const { workspaceId, userId } = ctx.actor
  await inTransaction(ctx, async (tx) => {
    const origin = await deleteWebOrigin(tx.db, workspaceId, id)
    if (origin === undefined) throw notFound('site')
    await audit(tx, {
      action: 'web-origin.deleted',
      subject: { kind: 'web-origin', id, name: origin },
      before: { origin },
    })
    await emit(tx, { type: 'web-origin-removed', workspaceId, subjectId: id, data: { origin, userId } })
    webOriginsChanged(tx)
  })
}

/** As the API tells it. */
export function presentWebOrigin({ createdAt, ...row }: WebOriginRow): WebOrigin {
  return { ...row, createdAt: createdAt.toISOString() }
}
