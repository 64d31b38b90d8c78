import { z } from 'zod'
import { idSchema, pageOf, pageQuerySchema, scopeSchema, timeSchema } from './common.ts'
import { endpoint } from './endpoint.ts'

const nameSchema = z.string().trim().min(1).max(100)
const entries = (longest: number) => z.array(z.string().min(1).max(longest)).min(1).max(100)

/**
 * What a key is limited to, by kind; a kind that is left out is not limited. Whatever is not listed does not exist for the
 * key. A server is named by its id, one of its tools as `<server id>/<tool>`.
 */
export const keyResourcesSchema = z
  .object({
    models: entries(300).optional(),
    mcpServers: entries(300).optional(),
    conversations: z.array(idSchema).min(1).max(100).optional(),
    presets: z.array(idSchema).min(1).max(100).optional(),
  })
  .strict()
  .meta({ id: 'KeyResources' })
export type KeyResources = z.infer<typeof keyResourcesSchema>
export const resourceKinds = [
  'models',
  'mcpServers',
  'conversations',
  'presets',
] as const satisfies (keyof KeyResources)[]

/** Addresses (`203.0.113.7`) and networks (`10.0.0.0/8`, `2001:db8::/32`) a key may be used from; none: from anywhere. */
const allowedAddressesSchema = z.array(z.string().trim().min(1).max(50)).max(50)

/** How requests made with the key have to be signed (HTTP Message Signatures, RFC 9421). */
export const signingAlgorithms = ['hmac-sha256', 'ed25519'] as const
const signingInputSchema = z.discriminatedUnion('algorithm', [
  z.object({ algorithm: z.literal('hmac-sha256') }).strict(),
  z
    .object({
      algorithm: z.literal('ed25519'),
      /** PEM (`-----BEGIN PUBLIC KEY-----`), or the 32 bytes in base64. */
      publicKey: z.string().trim().min(1).max(500),
    })
    .strict(),
])
export type KeySigningInput = z.infer<typeof signingInputSchema>

/** A former secret of a rotated key that still works for a while. */
const formerSecretSchema = z.object({ prefix: z.string(), goodUntil: timeSchema, lastUsedAt: timeSchema.nullable() })

export const apiKeySchema = z
  .object({
    /** Stays the same when the key is rotated: limits, budgets and usage hang on it. */
    id: idSchema,
    name: z.string(),
    /** Set for a key of a service account. */
    serviceAccountId: idSchema.nullable(),
    /** The first characters, enough to recognise it. */
    prefix: z.string(),
    scopes: z.array(scopeSchema),
    resources: keyResourcesSchema,
    allowedAddresses: z.array(z.string()),
    signing: z
      .object({
        algorithm: z.enum(signingAlgorithms),
        /** ed25519: the 32 bytes in base64. */
        publicKey: z.string().nullable(),
      })
      .nullable(),
    createdAt: timeSchema,
    /** When its present secret was made. */
    rotatedAt: timeSchema.nullable(),
    lastUsedAt: timeSchema.nullable(),
    lastUsedAddress: z.string().nullable(),
    expiresAt: timeSchema.nullable(),
    /** Set when someone reported the key as leaked, which revoked it. Listed for 30 days after that. */
    leakedAt: timeSchema.nullable(),
    /** Former secrets that are still good, newest first. */
    formerSecrets: z.array(formerSecretSchema),
  })
  .meta({ id: 'ApiKey' })
export type ApiKey = z.infer<typeof apiKeySchema>

/** A key with its secrets, which are shown this once. */
export const createdApiKeySchema = apiKeySchema
  .extend({
    key: z.string(),
    /** hmac-sha256: the secret to sign with. */
    signingSecret: z.string().nullable(),
  })
  .meta({ id: 'CreatedApiKey' })
export type CreatedApiKey = z.infer<typeof createdApiKeySchema>

const params = z.object({ id: idSchema })

export const apiKeyEndpoints = {
  listApiKeys: endpoint({
    method: 'GET',
    path: '/api/v1/api-keys',
    tag: 'API keys',
    summary: "List one's API keys, or those of a service account, newest first",
    access: 'keys:manage',
    query: pageQuerySchema.extend({
      /** Whose keys: needs `people:manage`. */
      serviceAccountId: idSchema.optional(),
    }),
    response: pageOf(apiKeySchema),
  }),
  createApiKey: endpoint({
    method: 'POST',
    path: '/api/v1/api-keys',
    tag: 'API keys',
    summary: 'Make an API key; the answer is the only one that shows it',
    access: 'keys:manage',
    body: z.object({
      name: nameSchema,
      /** For a service account instead of oneself: needs `people:manage`. */
      serviceAccountId: idSchema.optional(),
      /** Default: everything the maker may do, except administration (keys, people, workspace, usage). */
      scopes: z.array(scopeSchema).min(1).max(100).optional(),
      resources: keyResourcesSchema.optional(),
      allowedAddresses: allowedAddressesSchema.optional(),
      /** Has every request with the key be signed. */
      signing: signingInputSchema.optional(),
      expiresAt: timeSchema.optional(),
    }),
    response: createdApiKeySchema,
    status: 201,
    idempotent: true,
  }),
  updateApiKey: endpoint({
    method: 'PATCH',
    path: '/api/v1/api-keys/{id}',
    tag: 'API keys',
    summary: 'Change what a key is called, may do, is limited to, where it may be used from and until when',
    access: 'keys:manage',
    params,
    body: z
      .object({
        name: nameSchema,
        scopes: z.array(scopeSchema).min(1).max(100),
        resources: keyResourcesSchema,
        allowedAddresses: allowedAddressesSchema,
        expiresAt: timeSchema.nullable(),
      })
      .partial(),
    response: apiKeySchema,
  }),
  rotateApiKey: endpoint({
    method: 'POST',
    path: '/api/v1/api-keys/{id}/rotate',
    tag: 'API keys',
    summary: 'Give a key a new secret at once; the old one stays good for as long as is asked for',
    access: 'keys:manage',
    params,
    body: z.object({
      /** How long the old secret stays good: 0 ends it at once, at most 30 days. */
      overlapSeconds: z
        .int()
        .min(0)
        .max(30 * 24 * 3600)
        .default(24 * 3600),
      /** A new public key, where the key signs with ed25519. Default: the present one. */
      publicKey: z.string().trim().min(1).max(500).optional(),
    }),
    response: createdApiKeySchema,
    idempotent: true,
  }),
  revokeApiKey: endpoint({
    method: 'DELETE',
    path: '/api/v1/api-keys/{id}',
    tag: 'API keys',
    summary: 'Revoke an API key; it stops working at once',
    access: 'keys:manage',
    params,
  }),
  reportLeakedKeys: endpoint({
    method: 'POST',
    path: '/api/v1/leaked-keys',
    tag: 'API keys',
    summary: 'Revoke keys that were found where they should not be. For secret scanners, and for anyone who finds one',
    access: 'public',
    body: z.object({
      keys: z.array(z.string().max(200)).min(1).max(100),
      /** Where they were found. */
      source: z.string().trim().max(500).optional(),
    }),
    response: z.object({
      /** How many of them were good until now. */
      revoked: z.int(),
    }),
  }),
}
