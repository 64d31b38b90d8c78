import type { Migration } from '../../../platform/database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'roles-0001',
    // Who has a custom role has "viewer" beside it: what an older release goes by.
    up: `
      create table "roles" (
        "id" uuid primary key,
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "name" text not null,
        "description" text not null,
        "scopes" jsonb not null,
        "createdAt" timestamptz not null,
        "updatedAt" timestamptz not null,
        unique ("workspaceId", "id")
      );
      create unique index "roles_name" on "roles" ("workspaceId", lower("name"));

      alter table "memberships" add column "roleId" uuid;
      alter table "memberships" add constraint "memberships_role" foreign key ("workspaceId", "roleId")
        references "roles" ("workspaceId", "id");
      create index "memberships_roleId" on "memberships" ("roleId") where "roleId" is not null;
    `,
  },
]
