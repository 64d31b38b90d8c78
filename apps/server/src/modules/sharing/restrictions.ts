import type { Audience, Level } from '@parley/contract'
import { audit } from '../../platform/audit/index.ts'
import { rememberPerWorkspace } from '../../platform/cache/index.ts'
import { type Ctx, inTransaction } from '../../platform/context.ts'
import { emit } from '../../platform/outbox/index.ts'
import { accessChannel } from '../identity/index.ts'
import { levelOf } from './access.ts'
import type { ShareableKind } from './kinds.ts'
import * as store from './store.ts'

/** Tells all that remember or rely on who may what to look again; after the change is committed. */
export function announceShared(ctx: Ctx): void {
  ctx.bus.publish(accessChannel, { workspaceId: ctx.actor.workspaceId })
}

/** Calls `listener` whenever who may what in a workspace could have changed; call the answer to stop. */
export function onAccessChanged(
  { bus }: Pick<Ctx, 'bus'>,
  workspaceId: string | undefined,
  listener: (workspaceId: string) => void,
): () => void {
  return bus.subscribe(accessChannel, (message) => {
    const changed = (message as { workspaceId: string }).workspaceId
    if (workspaceId === undefined || workspaceId === changed) listener(changed)
  })
}

/** Which things only some may use, of every kind: mostly there are none, and then nothing is asked. */
const restricted = rememberPerWorkspace('restricted-resources', store.listRestricted)

/**
 * Things of a kind that not everyone may use, each with the level the actor was granted, or null. What is not in it is
 * open to everyone in the workspace.
 */
export async function listRestrictions(ctx: Ctx, kind: ShareableKind['kind']): Promise<Map<string, Level | null>> {
  const ids = (await restricted.read(ctx)).flatMap((row) => (row.resourceKind === kind ? [row.resourceId] : []))
  if (ids.length === 0) return new Map()
  const ranks = await store.listGrantedRanks(ctx, kind)
  return new Map(
    ids.map((id) => {
      const rank = ranks.get(id)
      return [id, rank === undefined ? null : levelOf(rank)]
    }),
  )
}

/**
 * Opens a thing to everyone in the workspace, or to chosen people and groups only.
 * @throws AppError not_found, forbidden
 */
export async function setAudience(ctx: Ctx, kind: ShareableKind, id: string, audience: Audience): Promise<void> {
  await inTransaction(ctx, async (tx) => {
    await kind.open(tx, id, 'manage')
    await store.setRestricted(tx, { kind: kind.kind, id }, audience === 'chosen')
    const { workspaceId } = tx.actor
    restricted.changed(tx, workspaceId)
    await audit(tx, { action: 'audience.changed', subject: { kind: kind.kind, id }, after: { audience } })
    const data = { resourceKind: kind.kind, resourceId: id, audience }
    await emit(tx, { type: 'audience-changed', workspaceId, subjectId: workspaceId, data })
  })
  announceShared(ctx)
  ctx.bus.publish(`changes:workspace:${ctx.actor.workspaceId}`, { type: 'access-changed' })
}
