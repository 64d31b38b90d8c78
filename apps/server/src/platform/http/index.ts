export { mountChangeSocket } from './change-socket.ts'
export { decodeCursor, encodeCursor } from './cursor.ts'
export { expectDigest } from './expect-digest.ts'
export { mountHealth } from './health.ts'
export { type Charge, createHttp, type Exchange, type Http, type PublicCtx, type RequestLimits } from './http.ts'
export {
  claiming,
  type Idempotency,
  isRepeat,
  migrations,
  once,
  onceAround,
  pruneIdempotencyKeys,
  withContent,
} from './idempotency.ts'
export { takeJson } from './json-body.ts'
export { limitHeaders } from './limit-headers.ts'
export { mountOpenApi } from './openapi.ts'
export { toProblem } from './problem.ts'
export { concerns, type Revoked, revokedChannel } from './revocations.ts'
export { closeStreams, openSse, type SseStream } from './sse.ts'
export { requireText } from './validate.ts'
export { requireVersion, versionAskedFor } from './versions.ts'
export { mountWebApp } from './web-app.ts'
