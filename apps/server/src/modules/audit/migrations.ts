import type { Migration } from '../../platform/database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'audit-module-0001',
    up: `
      create table "auditSettings" (
        "workspaceId" uuid primary key references "workspaces" ("id") on delete cascade,
        "retentionDays" integer not null,
        "updatedAt" timestamptz not null
      );
      create table "auditStreams" (
        "chain" uuid not null,
        "target" text not null,
        "url" text,
        "sealedSecret" text,
        "deliveredSequence" bigint not null,
        "leaseUntil" timestamptz not null,
        "attempts" integer not null default 0,
        "notBefore" timestamptz not null,
        "lastError" text,
        "failingSince" timestamptz,
        primary key ("chain", "target")
      );
    `,
  },
]
