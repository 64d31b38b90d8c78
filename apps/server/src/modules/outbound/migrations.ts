import type { Migration } from '../../platform/database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'outbound-0001',
    up: `
      create table "outbound" (
        "workspaceId" uuid primary key references "workspaces" ("id") on delete cascade,
        "hosts" jsonb not null,
        "changedBy" uuid not null,
        "changedAt" timestamptz not null
      );
    `,
  },
]
