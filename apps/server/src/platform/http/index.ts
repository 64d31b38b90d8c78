export { mountChangeSocket } from './change-socket.ts'
export type { MayCallFrom } from './cross-origin.ts'
export { decodeCursor, encodeCursor } from './cursor.ts'
export { expectDigest } from './expect-digest.ts'
export { nothingPolicy } from './headers.ts'
export { mountHealth } from './health.ts'
export { callerOf, createHttp, type Exchange, type Http, type PublicCtx } from './http.ts'
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
export type { Charge, RequestLimits } from './request-limits.ts'
export { concerns, type Revoked, revokedChannel } from './revocations.ts'
export { closeStreams, openSse, type SseStream } from './sse.ts'
export { readTls } from './tls.ts'
export { requireText } from './validate.ts'
export { requireVersion, versionAskedFor } from './versions.ts'
export { mountWebApp } from './web-app.ts'
