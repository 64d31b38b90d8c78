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
  {
    name: 'groups-0003',
    // An older release goes by "role" and "roleId" of a membership, which say what counts.
    up: `
      alter table "groups"
        add column "givenRole" text check ("givenRole" in ('admin', 'member', 'viewer')),
        add column "givenRoleId" uuid,
        add constraint "groups_givenRole" foreign key ("workspaceId", "givenRoleId")
          references "roles" ("workspaceId", "id");
      create index "groups_givenRoleId" on "groups" ("givenRoleId") where "givenRoleId" is not null;

      alter table "memberships"
        add column "ownRole" text check ("ownRole" in ('owner', 'admin', 'member', 'viewer')),
        add column "ownRoleId" uuid,
        add constraint "memberships_ownRole" foreign key ("workspaceId", "ownRoleId")
          references "roles" ("workspaceId", "id");
      create index "memberships_ownRoleId" on "memberships" ("ownRoleId") where "ownRoleId" is not null;
    `,
  },
]
