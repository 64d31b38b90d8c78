import type { Migration } from '../../platform/database/index.ts'
import { migrations as apiKeys } from './api-keys/migrations.ts'
import { migrations as emailedLinks } from './emailed-links/migrations.ts'
import { migrations as groups } from './groups/migrations.ts'
import { migrations as invitations } from './invitations/migrations.ts'
import { migrations as oidc } from './oidc/migrations.ts'
import { migrations as passkeys } from './passkeys/migrations.ts'
import { migrations as roles } from './roles/migrations.ts'
import { migrations as scim } from './scim/migrations.ts'
import { migrations as secondFactor } from './second-factor/migrations.ts'
import { migrations as serviceAccounts } from './service-accounts/migrations.ts'
import { migrations as sessions } from './sessions/migrations.ts'
import { migrations as tokenKeys } from './token-keys/migrations.ts'
import { migrations as webOrigins } from './web-origins/migrations.ts'

export const migrations: Migration[] = [
  {
    name: 'identity-0001',
    up: `
      create table "workspaces" (
        "id" uuid primary key,
        "name" text not null,
        "createdAt" timestamptz not null
      );

      create table "users" (
        "id" uuid primary key,
        "email" text not null unique check ("email" = lower("email")),
        "name" text not null,
        "passwordHash" text,
        "createdAt" timestamptz not null,
        "updatedAt" timestamptz not null
      );

      create table "memberships" (
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "userId" uuid not null references "users" ("id") on delete cascade,
        "role" text not null check ("role" in ('owner', 'admin', 'member', 'viewer')),
        "createdAt" timestamptz not null,
        primary key ("workspaceId", "userId")
      );
      create index "memberships_user" on "memberships" ("userId");

      create table "sessions" (
        "id" uuid primary key,
        "userId" uuid not null references "users" ("id") on delete cascade,
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "tokenHash" text not null unique,
        "refreshFamilyHash" text not null unique,
        "refreshHash" text not null,
        "userAgent" text,
        "address" text,
        "createdAt" timestamptz not null,
        "lastUsedAt" timestamptz not null,
        "expiresAt" timestamptz not null
      );
      create index "sessions_user" on "sessions" ("userId");
      create index "sessions_workspace" on "sessions" ("workspaceId");

      create table "apiKeys" (
        "id" uuid primary key,
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "userId" uuid not null references "users" ("id") on delete cascade,
        "name" text not null,
        "hash" text not null unique,
        "prefix" text not null,
        "scopes" jsonb not null,
        "createdAt" timestamptz not null,
        "lastUsedAt" timestamptz,
        "expiresAt" timestamptz,
        "revokedAt" timestamptz
      );
      create index "apiKeys_list" on "apiKeys" ("workspaceId", "userId", "id" desc);
      create index "apiKeys_user" on "apiKeys" ("userId");

      create table "installationSettings" (
        "name" text primary key,
        "value" jsonb not null,
        "updatedAt" timestamptz not null
      );
    `,
  },
  ...sessions,
  ...secondFactor,
  ...passkeys,
  ...roles,
  ...groups,
  ...apiKeys,
  ...serviceAccounts,
  ...tokenKeys,
  ...oidc,
  ...invitations,
  ...emailedLinks,
  ...scim,
  ...webOrigins,
]
