import { z } from 'zod'
import { type AuditAction, auditActions } from './audit-actions.ts'
import { idSchema, pageOf, pageQuerySchema, timeSchema } from './common.ts'
import { endpoint } from './endpoint.ts'

export * from './audit-actions.ts'

export const auditActionSchema = z.enum(Object.keys(auditActions) as [AuditAction, ...AuditAction[]])

/** Who acted. `directory`: a provisioning token; `command`: the command line; `anonymous`: without a credential, as while signing up. */
export const auditActorKindSchema = z.enum(['session', 'api-key', 'system', 'directory', 'command', 'anonymous'])
export type AuditActorKind = z.infer<typeof auditActorKindSchema>

export const auditOutcomeSchema = z.enum(['done', 'refused'])
export type AuditOutcome = z.infer<typeof auditOutcomeSchema>

const changedFields = z.record(z.string(), z.unknown()).nullable()

/**
 * What the hash of an entry is made of: SHA-256 in hex over `parley-audit/1`, the previous entry's hash and the canonical
 * JSON of exactly these fields, each on a line of its own.
 */
export const auditRecordSchema = z.object({
  /** The workspace's id; all zeros for the installation. */
  chain: z.string(),
  /** From 1, without a gap. */
  sequence: z.int(),
  id: idSchema,
  at: timeSchema,
  action: z.string(),
  outcome: auditOutcomeSchema,
  actorKind: auditActorKindSchema,
  /** Id of the person or service account; null where nobody is known. With `anonymous`: who followed a mailed link, say. */
  actorId: z.string().nullable(),
  /** Id of the session, key or token; for `system` and `command` the name of what acts. */
  credentialId: z.string().nullable(),
  subjectKind: z.string(),
  subjectId: z.string().nullable(),
  subjectName: z.string().nullable(),
  before: changedFields,
  after: changedFields,
  address: z.string().nullable(),
  userAgent: z.string().nullable(),
  requestId: z.string().nullable(),
  /** Which key the seal was made with. */
  keyId: z.string(),
})
export type AuditRecord = z.infer<typeof auditRecordSchema>

/** An entry as it is exported: with its place in the chain, and the seal that only the server can make. */
export const sealedAuditEntrySchema = auditRecordSchema.extend({
  previousHash: z.string(),
  hash: z.string(),
  /** HMAC-SHA256 over chain, sequence and hash, with a key that is derived from the server's master key. */
  seal: z.string(),
})
export type SealedAuditEntry = z.infer<typeof sealedAuditEntrySchema>

/** An entry with names, which are looked up when it is shown and are no part of the log. */
export const auditEntrySchema = sealedAuditEntrySchema
  .extend({
    title: z.string(),
    actorName: z.string().nullable(),
    actorEmail: z.string().nullable(),
    /** Of the key or token that was used. */
    credentialName: z.string().nullable(),
    subjectLabel: z.string().nullable(),
  })
  .meta({ id: 'AuditEntry' })
export type AuditEntry = z.infer<typeof auditEntrySchema>

/** What is wrong with a chain. */
export const auditProblemSchema = z.object({
  /**
   * `changed`: the content is not what its hash says. `moved`: not in its place. `missing`: entries between two others, or
   * at the beginning, are gone. `added`: an entry that the chain does not know. `forged`: right hashes, but a seal that the
   * server did not make. `truncated`: the end is gone. `unreadable`: no entry at all. `other-key`: sealed with a key that
   * is not here.
   */
  kind: z.enum(['changed', 'moved', 'missing', 'added', 'forged', 'truncated', 'unreadable', 'other-key']),
  chain: z.string(),
  /** The number it has, or should have. */
  sequence: z.int().nullable(),
  id: z.string().nullable(),
  detail: z.string(),
})
export type AuditProblem = z.infer<typeof auditProblemSchema>

export const auditReportSchema = z
  .object({
    ok: z.boolean(),
    /** Entries that were looked at. */
    checked: z.int(),
    firstSequence: z.int().nullable(),
    lastSequence: z.int().nullable(),
    /** The first hundred. */
    problems: z.array(auditProblemSchema),
    problemCount: z.int(),
    checkedAt: timeSchema,
    /** `<chain>:<sequence>:<hash>:<seal>` of the last entry: keep it elsewhere, and `parley audit verify --anchor` takes it. */
    anchor: z.string().nullable(),
  })
  .meta({ id: 'AuditReport' })
export type AuditReport = z.infer<typeof auditReportSchema>

export const auditSettingsSchema = z
  .object({
    retentionDays: z.int(),
    /** Null: entries go nowhere. */
    webhook: z
      .object({
        url: z.string(),
        /** Number of the last entry that the receiver took. */
        deliveredSequence: z.int(),
        lastSequence: z.int(),
        /** Why the last attempt failed; null when it did not. */
        lastError: z.string().nullable(),
        failingSince: timeSchema.nullable(),
      })
      .nullable(),
  })
  .meta({ id: 'AuditSettings' })
export type AuditSettings = z.infer<typeof auditSettingsSchema>

export const auditRetentionDays = { least: 30, most: 3650, usual: 400 } as const

const filters = {
  /** `installation`: acts that concern no workspace; for the operator. */
  chain: z.enum(['workspace', 'installation']).default('workspace'),
  action: auditActionSchema.optional(),
  /** A person, service account, key or session. */
  actorId: z.string().min(1).max(100).optional(),
  subjectId: z.string().min(1).max(300).optional(),
  outcome: auditOutcomeSchema.optional(),
  from: timeSchema.optional(),
  to: timeSchema.optional(),
}

export const auditEndpoints = {
  listAuditEntries: endpoint({
    method: 'GET',
    path: '/api/v1/audit',
    tag: 'Audit',
    summary: 'The audit log, newest first',
    access: 'audit:read',
    query: pageQuerySchema.extend(filters),
    response: pageOf(auditEntrySchema),
  }),
  exportAudit: endpoint({
    method: 'GET',
    path: '/api/v1/audit/export',
    tag: 'Audit',
    summary: 'The audit log as JSON lines, oldest first; whole, or a part in time, it can be verified offline',
    access: 'audit:read',
    query: z.object(filters),
    media: { response: ['application/x-ndjson'] },
    cost: 'expensive',
    status: 200,
  }),
  verifyAudit: endpoint({
    method: 'POST',
    path: '/api/v1/audit/verify',
    tag: 'Audit',
    summary: 'Check the whole chain now',
    access: 'audit:read',
    query: z.object({ chain: filters.chain }),
    response: auditReportSchema,
    cost: 'expensive',
  }),
  getAuditSettings: endpoint({
    method: 'GET',
    path: '/api/v1/audit/settings',
    tag: 'Audit',
    summary: 'How long entries are kept, and where they go',
    access: 'audit:read',
    response: auditSettingsSchema,
  }),
  updateAuditSettings: endpoint({
    method: 'PATCH',
    path: '/api/v1/audit/settings',
    tag: 'Audit',
    summary: 'Change how long entries are kept',
    access: 'audit:manage',
    body: z.object({ retentionDays: z.int().min(auditRetentionDays.least).max(auditRetentionDays.most) }),
    response: auditSettingsSchema,
  }),
  setAuditWebhook: endpoint({
    method: 'PUT',
    path: '/api/v1/audit/webhook',
    tag: 'Audit',
    summary: 'Send every entry from now on to an address, signed as Standard Webhooks say; the secret is shown once',
    access: 'audit:manage',
    body: z.object({ url: z.url({ protocol: /^https?$/ }).max(2000) }),
    response: z.object({ settings: auditSettingsSchema, secret: z.string() }),
  }),
  deleteAuditWebhook: endpoint({
    method: 'DELETE',
    path: '/api/v1/audit/webhook',
    tag: 'Audit',
    summary: 'Send entries nowhere any more',
    access: 'audit:manage',
  }),
}
