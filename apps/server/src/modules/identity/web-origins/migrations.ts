import type { Migration } from '../../../platform/database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'identity-web-origins-0001',
    up: `
      create table "webOrigins" (
        "id" uuid primary key,
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "origin" text not null,
        "createdBy" uuid references "users" ("id") on delete set null,
        "createdAt" timestamptz not null,
        unique ("origin", "workspaceId")
      );
      create index "webOrigins_workspace" on "webOrigins" ("workspaceId");
      create index "webOrigins_maker" on "webOrigins" ("createdBy");
    `,
  },
]
