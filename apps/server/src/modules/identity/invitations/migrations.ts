import type { Migration } from '../../../platform/database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'invitations-0001',
    up: `
      create table "invitations" (
        "id" uuid primary key,
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "email" text,
        "role" text not null,
        "roleId" uuid,
        "tokenHash" text not null unique,
        "sealedToken" text not null,
        "byMail" boolean not null,
        "maxUses" integer not null,
        "uses" integer not null default 0,
        "invitedBy" uuid references "users" ("id") on delete set null,
        "createdAt" timestamptz not null,
        "sentAt" timestamptz,
        "expiresAt" timestamptz not null,
        "acceptedAt" timestamptz,
        "revokedAt" timestamptz,
        foreign key ("workspaceId", "roleId") references "roles" ("workspaceId", "id") on delete cascade
      );
      create index "invitations_role" on "invitations" ("roleId") where "roleId" is not null;
      create index "invitations_list" on "invitations" ("workspaceId", "id" desc);
      create index "invitations_inviter" on "invitations" ("invitedBy");
      create unique index "invitations_open" on "invitations" ("workspaceId", "email")
        where "email" is not null and "acceptedAt" is null and "revokedAt" is null;

      alter table "memberships" add column "lastUsedAt" timestamptz;
    `,
  },
]
