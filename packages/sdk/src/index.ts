export type { Change } from './changes.ts'
export { createParley, type Parley } from './client.ts'
export { followMessage } from './follow-message.ts'
export { ParleyError, type ParleyErrorCode } from './parley-error.ts'
export { randomKey } from './random-key.ts'
export type { CallInput, CallOptions, ParleyOptions } from './request.ts'
export type { FollowOptions, NumberedEvent, RunStream } from './run-stream.ts'
export {
  createSigner,
  type PrivateJwk,
  type RequestSigner,
  type SignerOptions,
  type UnsignedRequest,
} from './sign-request.ts'
