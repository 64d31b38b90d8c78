import type { Migration } from '../../../platform/database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'groups-0001',
    up: `
      create table "groups" (
        "id" uuid primary key,
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "name" text not null,
        "description" text not null,
        "externalId" text,
        "createdAt" timestamptz not null,
        "updatedAt" timestamptz not null,
        unique ("workspaceId", "id")
      );
      create unique index "groups_name" on "groups" ("workspaceId", lower("name"));
      create unique index "groups_externalId" on "groups" ("workspaceId", "externalId") where "externalId" is not null;

      create table "groupMembers" (
        "groupId" uuid not null,
        "workspaceId" uuid not null,
        "userId" uuid not null,
        "createdAt" timestamptz not null,
        primary key ("groupId", "userId"),
        foreign key ("workspaceId", "groupId") references "groups" ("workspaceId", "id") on delete cascade,
        foreign key ("workspaceId", "userId") references "memberships" ("workspaceId", "userId") on delete cascade
      );
      create index "groupMembers_member" on "groupMembers" ("workspaceId", "userId");
    `,
  },
  {
    name: 'groups-0002',
    up: `alter table "groupMembers" add column "managedBy" text`,
  },
]
