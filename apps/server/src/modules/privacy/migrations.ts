import type { Migration } from '../../platform/database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'privacy-0001',
    up: `
      create table "privacySettings" (
        "workspaceId" uuid primary key references "workspaces" ("id") on delete cascade,
        "mode" text not null,
        "changedBy" uuid not null,
        "changedAt" timestamptz not null
      );

      create table "privacyCounts" (
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "day" text not null,
        "kind" text not null,
        "count" integer not null,
        primary key ("workspaceId", "day", "kind")
      );
    `,
  },
]
