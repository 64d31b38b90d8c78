/** Keys that access tokens are signed with. */
interface TokenKeysTable {
  /** Thumbprint of the public key (RFC 7638): the `kid` of tokens. */
  id: string
  /** 32 bytes of Ed25519 in base64url. */
  publicKey: string
  sealedPrivateKey: string
  createdAt: Date
  /** Signs from then on, so that everyone who verifies has seen it before. */
  signsFrom: Date
  /** Verifies until then; null while it is the newest. */
  goodUntil: Date | null
}

declare module '../../../platform/database/schema.ts' {
  interface Database {
    tokenKeys: TokenKeysTable
  }
}

export type {}
