import type { FastifyRequest } from 'fastify'
import type { Actor, Platform } from '../context.ts'
import type { Authenticate } from './http.ts'

/** Channel of the bus that says which credentials stopped working, or changed what they may do. */
export const revokedChannel = 'identity:revoked'

/** One session or key, all of a person's, or all in a workspace. */
export type Revoked = { credentialId: string } | { userId: string } | { workspaceId: string }

/** Whether what was revoked may concern this credential. */
export function concerns(revoked: Revoked, actor: Actor): boolean {
  if ('credentialId' in revoked) return actor.credentialId === revoked.credentialId
  if ('userId' in revoked) return actor.userId === revoked.userId
  return actor.workspaceId === revoked.workspaceId
}

/**
 * Watches over what stays open after its request was let in: looks at the credential again whenever something of it was
 * revoked, and calls `end` when it is good no more. Call the answer to stop watching.
 *
 * It looks at the beginning too: since the request was let in, something may have been revoked that nobody watched for yet.
 */
export function whileGood(
  platform: Platform,
  authenticate: Authenticate,
  request: FastifyRequest,
  actor: Actor,
  end: () => void,
): () => void {
  const look = () =>
    authenticate(platform, request, { again: true }).then(
      (now) => {
        if (now === null) end()
      },
      (error) => {
        request.log.debug({ err: error }, 'A stream was ended: its credential is good no more.')
        end()
      },
    )
  const stop = platform.bus.subscribe(revokedChannel, (message) => {
    if (concerns(message as Revoked, actor)) void look()
  })
  void look()
  return stop
}
