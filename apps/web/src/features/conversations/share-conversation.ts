import type { Conversation } from '@parley/contract'
import { parley } from '../../parley.ts'
import type { SharedThing } from '../sharing/share-dialog.tsx'

/** A conversation as the dialog shares it. */
export function shareConversation({ id, title, level, owner }: Conversation): SharedThing {
  return {
    id,
    title,
    level,
    owner,
    calls: parley.conversations,
    permission: 'conversations:write',
    levels: [
      { level: 'view', label: 'Can read' },
      { level: 'use', label: 'Can write' },
      { level: 'edit', label: 'Can write and rename' },
      { level: 'manage', label: 'Can share and delete' },
    ],
    levelForAll: 'view',
    leave: 'Leave this chat',
    ifNobody: 'Only you see it. Those you add see all of it, what was written before included, with its files.',
    link: `/c/${id}`,
    queryKeys: [['conversation', id], ['conversations']],
  }
}
