import { useParams } from '@tanstack/react-router'
import { ConversationView } from './conversation-view.tsx'
import { NewChatView } from './new-chat-view.tsx'

/** A new chat, or the one the address names. Each has views of its own, so that nothing of one shows in another. */
export function ChatPage() {
  const id = useParams({ strict: false, select: (params) => (params as { id?: string }).id })
  return id === undefined ? <NewChatView /> : <ConversationView key={id} id={id} />
}
