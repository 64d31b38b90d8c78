import type { Conversation } from '@parley/contract'
import { Badge, Button } from '@parley/ui'
import { useNavigate } from '@tanstack/react-router'
import { UsersRound } from 'lucide-react'
import { useState } from 'react'
import { shareConversation } from '../conversations/share-conversation.ts'
import { ShareDialog } from '../sharing/share-dialog.tsx'

/** Above a conversation: whose it is, and whom it is shared with. */
export function ConversationBar({ conversation }: { conversation: Conversation }) {
  const [sharing, setSharing] = useState(false)
  const navigate = useNavigate()
  const { owner, shared, level } = conversation
  return (
    <div className="flex h-12 shrink-0 items-center justify-end gap-2 px-3 sm:px-4">
      {owner && (
        <Badge>
          {owner.name}
          {level === 'view' && ' · read only'}
        </Badge>
      )}
      <Button size="small" variant="ghost" onClick={() => setSharing(true)}>
        <UsersRound aria-hidden="true" /> {shared ? 'Shared' : 'Share'}
      </Button>
      {sharing && (
        <ShareDialog
          thing={shareConversation(conversation)}
          onClose={() => setSharing(false)}
          onLeft={() => void navigate({ to: '/' })}
        />
      )}
    </div>
  )
}
