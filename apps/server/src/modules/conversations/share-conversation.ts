import { levels } from '@parley/contract'
import { requireAccess, type ShareableKind } from '../sharing/index.ts'
import { findConversation, markShared } from './store.ts'

/** How conversations are shared. */
export const shareableConversation: ShareableKind = {
  kind: 'conversation',
  levels,
  async open(ctx, id, least) {
    const lock = ctx.db.isTransaction && least !== 'view'
    const row = await findConversation(ctx, id, lock ? { lockFor: least } : {})
    const { ownerId } = requireAccess(row, 'conversation', least)
    return { ownerId }
  },
  onShared: markShared,
}
