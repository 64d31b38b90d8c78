export { digestCheck, type ExpectedDigest, readContentDigest } from './content-digest.ts'
export { readSignatures, type Signature } from './read-signatures.ts'
export { SignatureError, type SignedMessage } from './signature-base.ts'
export { type VerifyingKey, verifySignature } from './verify-signature.ts'
