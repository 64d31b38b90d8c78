import type { Migration } from '../../../platform/database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'oidc-0001',
    up: `
      create table "signInProviders" (
        "id" uuid primary key,
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "kind" text not null,
        "name" text not null,
        "issuer" text not null,
        "tenant" text,
        "clientId" text not null,
        "sealedSecret" text,
        "scopes" jsonb not null,
        "trustsEmail" boolean not null,
        "trustsSecondFactor" boolean not null,
        "defaultRole" text,
        "rules" jsonb not null,
        "verdict" jsonb not null,
        "createdAt" timestamptz not null,
        "updatedAt" timestamptz not null
      );
      create index "signInProviders_workspace" on "signInProviders" ("workspaceId", "id");

      create table "signInPolicies" (
        "workspaceId" uuid primary key references "workspaces" ("id") on delete cascade,
        "ssoOnly" boolean not null,
        "ssoProviders" jsonb not null,
        "domains" jsonb not null,
        "updatedAt" timestamptz not null
      );

      create table "connectedAccounts" (
        "id" uuid primary key,
        "userId" uuid not null references "users" ("id") on delete cascade,
        "issuer" text not null,
        "subject" text not null,
        "kind" text not null,
        "providerId" text not null,
        "providerName" text not null,
        "label" text not null,
        "createdAt" timestamptz not null,
        "lastUsedAt" timestamptz not null,
        unique ("issuer", "subject")
      );
      create index "connectedAccounts_user" on "connectedAccounts" ("userId");

      create table "signInFlows" (
        "stateHash" text primary key,
        "browserHash" text not null,
        "providerId" text not null,
        "workspaceId" uuid references "workspaces" ("id") on delete cascade,
        "userId" uuid references "users" ("id") on delete cascade,
        "sessionId" uuid,
        "sealed" text not null,
        "next" text not null,
        "createdAt" timestamptz not null,
        "expiresAt" timestamptz not null,
        "usedAt" timestamptz
      );
      create index "signInFlows_age" on "signInFlows" ("expiresAt");

      create table "pendingConnections" (
        "browserHash" text primary key,
        "userId" uuid not null references "users" ("id") on delete cascade,
        "providerId" text not null,
        "workspaceId" uuid references "workspaces" ("id") on delete cascade,
        "sealed" text not null,
        "next" text not null,
        "expiresAt" timestamptz not null
      );
      create index "pendingConnections_user" on "pendingConnections" ("userId");

      alter table "sessions"
        add column "providerId" text,
        add column "onlyWorkspaceId" uuid,
        add column "sealedIdToken" text;

      alter table "memberships" add column "managedBy" text;

      alter table "secondFactorChallenges" add column "provider" jsonb;
    `,
  },
]
