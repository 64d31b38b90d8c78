import websocket from '@fastify/websocket'
import type { FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import { type Actor, reaches } from '../context.ts'
import { AppError } from '../errors.ts'
import { isOwnOrigin } from './csrf.ts'
import { guardSocket, largestMessageBytes } from './guard-socket.ts'
import type { Http } from './http.ts'
import { whileGood } from './revocations.ts'

const path = '/api/v1/ws'
const pingMs = 30_000
const maxWaitingBytes = 1024 * 1024
const restarting = 1012
const policyViolation = 1008

/** `/api/v1/ws`: tells a person's open windows what changed, so that they stay in step. JSON, a ChangeEvent a message. */
export async function mountChangeSocket({ app, platform, authenticate }: Http): Promise<void> {
  await app.register(websocket, { options: { maxPayload: largestMessageBytes } })
  const actors = new WeakMap<FastifyRequest, Actor>()

  // Sockets are opened by their own plugin's hooks, so this route needs a context after it.
  await app.register(async (scope) => {
    scope.route({
      method: 'GET',
      url: path,
      exposeHeadRoute: false,
      onRequest: async (request) => {
        if (platform.shutdown.aborted)
          throw new AppError('unavailable', 'The server is restarting.', { retryAfterSeconds: 2 })
        const actor = await authenticate(platform, request)
        if (!actor) throw new AppError('unauthenticated', 'Sign in, or send a valid API key as a bearer token.')
        // Browsers open sockets to anywhere and send the cookie along: the origin has to be ours.
        if (request.headers.authorization === undefined && !isOwnOrigin(platform.config, request)) {
          throw new AppError('csrf_failed', 'The socket has to be opened by Parley’s own pages.')
        }
        actors.set(request, actor)
      },
      handler: async () => {
        throw new AppError('invalid_request', 'Open this address as a WebSocket.')
      },
      wsHandler: (socket, request) => serve(socket, request, actors.get(request)!),
    })
  })

  function serve(socket: WebSocket, request: FastifyRequest, actor: Actor): void {
    guardSocket(socket)
    const tell = (change: unknown) => {
      const { conversationId } = change as { conversationId?: string }
      if (conversationId !== undefined && !reaches(actor, 'conversations', conversationId)) return
      if (socket.bufferedAmount > maxWaitingBytes) socket.terminate()
      else socket.send(JSON.stringify(change))
    }
    const channels = [`changes:${actor.userId}`, `changes:workspace:${actor.workspaceId}`, 'changes:all']
    const subscriptions = channels.map((channel) => platform.bus.subscribe(channel, tell))
    const signOut = () => {
      // Nothing more is told while the closing handshake goes on.
      for (const unsubscribe of subscriptions.splice(0)) unsubscribe()
      socket.close(policyViolation, 'Signed out')
    }
    const stopWatching = whileGood(platform, authenticate, request, actor, signOut)
    let answered = true
    const ping = setInterval(async () => {
      if (!answered) return socket.terminate()
      answered = false
      socket.ping()
      try {
        // A session that ended meanwhile, or a revoked key, hears no more.
        if (!(await authenticate(platform, request, { again: true }))) signOut()
      } catch (error) {
        if (error instanceof AppError) signOut()
        else request.log.warn({ err: error }, 'A socket could not be checked again.')
      }
    }, pingMs)
    const onShutdown = () => socket.close(restarting, 'The server is restarting')
    platform.shutdown.addEventListener('abort', onShutdown, { once: true })
    socket.on('pong', () => {
      answered = true
    })
    socket.on('error', (error) => request.log.debug({ err: error }, 'A socket broke.'))
    socket.on('close', () => {
      for (const unsubscribe of subscriptions) unsubscribe()
      stopWatching()
      clearInterval(ping)
      platform.shutdown.removeEventListener('abort', onShutdown)
    })
  }
}
