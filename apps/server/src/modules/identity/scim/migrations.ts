import type { Migration } from '../../../platform/database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'scim-0001',
    // The trigger is the last guard: whoever a directory keeps out comes in by no other way (invitation, single sign-on).
    up: `
      create table "scimTokens" (
        "id" uuid primary key,
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "name" text not null,
        "hash" text not null unique,
        "prefix" text not null,
        "previousHash" text unique,
        "previousUntil" timestamptz,
        "makerRole" text not null,
        "makerScopes" jsonb not null,
        "createdBy" uuid references "users" ("id") on delete set null,
        "createdAt" timestamptz not null,
        "rotatedAt" timestamptz,
        "lastUsedAt" timestamptz,
        "revokedAt" timestamptz
      );
      create index "scimTokens_list" on "scimTokens" ("workspaceId", "id" desc);
      create index "scimTokens_maker" on "scimTokens" ("createdBy");

      create table "scimUsers" (
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "userId" uuid not null references "users" ("id") on delete cascade,
        "userName" text not null,
        "externalId" text,
        "active" boolean not null,
        "acceptedAt" timestamptz,
        "declinedAt" timestamptz,
        "offerHash" text unique,
        "offeredAt" timestamptz,
        "attributes" jsonb not null,
        "heldRole" text not null,
        "heldRoleId" uuid,
        "heldGroups" jsonb not null,
        "createdAt" timestamptz not null,
        "updatedAt" timestamptz not null,
        primary key ("workspaceId", "userId")
      );
      create unique index "scimUsers_userName" on "scimUsers" ("workspaceId", lower("userName"));
      create index "scimUsers_externalId" on "scimUsers" ("workspaceId", "externalId");
      create index "scimUsers_user" on "scimUsers" ("userId");

      alter table "users" add column "provisionedBy" uuid references "workspaces" ("id") on delete set null;

      create function "refuseSuspendedMember"() returns trigger language plpgsql as $$
      begin
        if exists (
          select from "scimUsers"
          where "workspaceId" = new."workspaceId" and "userId" = new."userId" and not ("active" and "acceptedAt" is not null)
        ) then
          raise exception 'a directory keeps this person out of the workspace' using errcode = '23514';
        end if;
        return new;
      end $$;
      create trigger "memberships_notSuspended" before insert on "memberships"
        for each row execute function "refuseSuspendedMember"();
    `,
  },
  {
    name: 'scim-0002',
    up: `alter table "scimUsers" add column "heldManagedBy" text`,
  },
]
