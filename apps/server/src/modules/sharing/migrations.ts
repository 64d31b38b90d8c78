import type { Migration } from '../../platform/database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'sharing-0001',
    // Who leaves the workspace, and a group that is deleted, take their grants with them.
    up: `
      create table "grants" (
        "id" uuid primary key,
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "resourceKind" text not null,
        "resourceId" text not null,
        "subjectKind" text not null check ("subjectKind" in ('user', 'group', 'workspace')),
        "userId" uuid,
        "groupId" uuid,
        "level" smallint not null check ("level" between 1 and 4),
        "grantedBy" uuid references "users" ("id") on delete set null,
        "createdAt" timestamptz not null,
        check (("subjectKind" = 'user') = ("userId" is not null)),
        check (("subjectKind" = 'group') = ("groupId" is not null)),
        foreign key ("workspaceId", "userId") references "memberships" ("workspaceId", "userId") on delete cascade,
        foreign key ("workspaceId", "groupId") references "groups" ("workspaceId", "id") on delete cascade
      );
      create index "grants_resource" on "grants" ("workspaceId", "resourceKind", "resourceId");
      create unique index "grants_user" on "grants" ("workspaceId", "userId", "resourceKind", "resourceId")
        where "userId" is not null;
      create unique index "grants_group" on "grants" ("workspaceId", "groupId", "resourceKind", "resourceId")
        where "groupId" is not null;
      create unique index "grants_workspace" on "grants" ("workspaceId", "resourceKind", "resourceId")
        where "subjectKind" = 'workspace';
      create index "grants_grantedBy" on "grants" ("grantedBy");

      create table "restrictedResources" (
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "resourceKind" text not null,
        "resourceId" text not null,
        "createdAt" timestamptz not null,
        primary key ("workspaceId", "resourceKind", "resourceId")
      );
    `,
  },
]
