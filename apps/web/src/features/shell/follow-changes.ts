import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { parley } from '../../parley.ts'
import { findMe } from '../identity/me.ts'
import { goToSignIn } from './leave-if-signed-out.ts'

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
            // Maybe because this session was ended elsewhere; then the answer leads to the sign-in.
            void client.fetchQuery({ ...findMe, staleTime: 0 }).then((me) => {
              if (me === null) goToSignIn()
            }, ignore)
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
          case 'people-changed':
            refresh('people')
            refresh('invitations')
            refresh('me')
            refresh('workspaces')
            break
          case 'presets-changed':
            refresh('presets')
            refresh('preset')
            refresh('conversations')
            refresh('conversation')
            break
          case 'models-changed':
            refresh('models')
            refresh('model-providers')
            break
          case 'budgets-changed':
            refresh('budgets')
            refresh('usage-settings')
            break
          case 'billing-changed':
            refresh('billing')
            refresh('limits')
        }
      }
    }
    void follow()
    return () => left.abort()
  }, [client])
  return disconnected
}

function ignore(): void {}
