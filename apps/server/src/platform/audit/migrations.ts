import type { Migration } from '../database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'audit-0001',
    up: `
      create table "auditChains" (
        "chain" uuid primary key,
        "sequence" bigint not null,
        "hash" text not null,
        "checkpointSequence" bigint,
        "checkpointHash" text,
        "checkpointSeal" text,
        "checkpointKeyId" text
      );

      create table "auditEntries" (
        "chain" uuid not null,
        "sequence" bigint not null,
        "id" uuid not null,
        "at" timestamptz not null,
        "action" text not null,
        "outcome" text not null,
        "actorKind" text not null,
        "actorId" text,
        "credentialId" text,
        "subjectKind" text not null,
        "subjectId" text,
        "subjectName" text,
        "before" jsonb,
        "after" jsonb,
        "address" text,
        "userAgent" text,
        "requestId" text,
        "keyId" text not null,
        "previousHash" text not null,
        "hash" text not null,
        "seal" text not null,
        primary key ("chain", "sequence")
      );
      create index "auditEntries_action" on "auditEntries" ("chain", "action", "sequence");
      create index "auditEntries_actor" on "auditEntries" ("chain", "actorId", "sequence");
      create index "auditEntries_subject" on "auditEntries" ("chain", "subjectId", "sequence");
      create index "auditEntries_age" on "auditEntries" ("chain", "at");
    `,
  },
]
