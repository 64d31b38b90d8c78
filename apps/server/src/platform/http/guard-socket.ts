import type { WebSocket } from 'ws'

/** What one socket may send; a client of ours sends none of it but answers to our pings. */
export const largestMessageBytes = 16 * 1024
const framesPerWindow = 20
const windowMs = 10_000

const unsupported = 1003

/**
 * Ends a socket that says what nobody asked for: it takes no messages, and no more pings and pongs than a client has
 * reason to send. Messages that are too large are refused by their first bytes, before they are held (`maxPayload`).
 */
export function guardSocket(socket: WebSocket): void {
  let frames = 0
  let windowEnds = 0
  const count = () => {
    const now = performance.now()
    if (now > windowEnds) {
      windowEnds = now + windowMs
      frames = 0
    }
    frames += 1
    // No goodbye for who floods: it would wait behind what they send.
    if (frames > framesPerWindow) socket.terminate()
  }
  socket.on('ping', count)
  socket.on('pong', count)
  socket.on('message', () => {
    count()
    socket.close(unsupported, 'This socket only tells')
  })
}
