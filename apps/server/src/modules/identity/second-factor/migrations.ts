import type { Migration } from '../../../platform/database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'second-factor-0001',
    up: `
      create table "totpFactors" (
        "userId" uuid primary key references "users" ("id") on delete cascade,
        "secret" text,
        "confirmedAt" timestamptz,
        "pendingSecret" text,
        "pendingUntil" timestamptz,
        "lastStep" integer
      );

      create table "recoveryCodes" (
        "hash" text primary key,
        "userId" uuid not null references "users" ("id") on delete cascade,
        "createdAt" timestamptz not null
      );
      create index "recoveryCodes_user" on "recoveryCodes" ("userId");

      create table "secondFactorTries" (
        "userId" uuid primary key references "users" ("id") on delete cascade,
        "failures" integer not null,
        "nextAt" timestamptz not null
      );

      create table "secondFactorChallenges" (
        "id" uuid primary key,
        "tokenHash" text not null unique,
        "browserHash" text not null,
        "userId" uuid not null references "users" ("id") on delete cascade,
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "method" text not null,
        "tries" integer not null,
        "createdAt" timestamptz not null,
        "expiresAt" timestamptz not null
      );
      create index "secondFactorChallenges_user" on "secondFactorChallenges" ("userId");

      create table "secondFactorPolicies" (
        "workspaceId" uuid primary key references "workspaces" ("id") on delete cascade,
        "required" boolean not null,
        "requiredFrom" timestamptz not null,
        "updatedAt" timestamptz not null,
        "updatedBy" uuid references "users" ("id") on delete set null
      );
    `,
  },
]
