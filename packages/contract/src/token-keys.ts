import { z } from 'zod'
import { endpoint } from './endpoint.ts'

/** A public key that access tokens are verified with (RFC 7517, RFC 8037). */
export const tokenKeySchema = z.object({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string(),
  kid: z.string(),
  alg: z.literal('EdDSA'),
  use: z.literal('sig'),
})

export const tokenKeyEndpoints = {
  getTokenKeys: endpoint({
    method: 'GET',
    path: '/.well-known/jwks.json',
    tag: 'Identity',
    summary: 'Public keys that access tokens are signed with, for services that verify them offline',
    access: 'public',
    response: z.object({ keys: z.array(tokenKeySchema) }),
  }),
}
