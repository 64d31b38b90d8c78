import { useCallback, useState } from 'react'

const keyOf = (conversationId: string | undefined) => `parley.draft.${conversationId ?? 'new'}`

/** What is typed and not sent, kept per conversation in this browser. */
export function useDraft(conversationId: string | undefined): [string, (text: string) => void] {
  const [text, setText] = useState(() => localStorage.getItem(keyOf(conversationId)) ?? '')
  const change = useCallback(
    (next: string) => {
      setText(next)
      if (next) localStorage.setItem(keyOf(conversationId), next)
      else localStorage.removeItem(keyOf(conversationId))
    },
    [conversationId],
  )
  return [text, change]
}
