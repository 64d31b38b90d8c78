import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { parley } from '../../parley.ts'

/** Keeps what is shown in step with every other window of the same person. True while the line is down. */
export function useChanges(): boolean {
  const client = useQueryClient()
  const [disconnected, setDisconnected] = useState(false)
  useEffect(() => {
    const left = new AbortController()
    const refresh = (...queryKey: string[]) => void client.invalidateQueries({ queryKey })
    const follow = async () => {
      for await (const change of parley.changes(left.signal)) {
        switch (change.type) {
          case 'connected':
            setDisconnected(false)
            break
          case 'reconnected':
            setDisconnected(false)
            void client.invalidateQueries()
            break
          case 'disconnected':
            setDisconnected(true)
            break
          case 'conversation-changed':
          case 'run-started':
          case 'run-ended':
            refresh('conversations')
            refresh('conversation', change.conversationId)
            refresh('messages', change.conversationId)
            refresh('participants', change.conversationId)
            break
          case 'conversation-deleted':
            refresh('conversations')
            refresh('conversation', change.conversationId)
            break
          case 'access-changed':
            // Who may what was changed: all that is shown may be more now, or less.
            void client.invalidateQueries()
            break
          case 'tools-changed':
            refresh('mcp-servers')
            refresh('tools')
            break
          case 'models-changed':
            refresh('models')
            refresh('model-providers')
        }
      }
    }
    void follow()
    return () => left.abort()
  }, [client])
  return disconnected
}
