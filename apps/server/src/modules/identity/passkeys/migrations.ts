import type { Migration } from '../../../platform/database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'passkeys-0001',
    up: `
      create table "passkeys" (
        "id" uuid primary key,
        "userId" uuid not null references "users" ("id") on delete cascade,
        "name" text not null,
        "credentialId" text not null unique,
        "publicKey" text not null,
        "counter" bigint not null,
        "transports" jsonb not null,
        "synced" boolean not null,
        "aaguid" text not null,
        "createdAt" timestamptz not null,
        "lastUsedAt" timestamptz,
        "blockedAt" timestamptz
      );
      create index "passkeys_user" on "passkeys" ("userId", "id");

      create table "passkeyChallenges" (
        "hash" text primary key,
        "purpose" text not null,
        "userId" uuid references "users" ("id") on delete cascade,
        "boundTo" text not null,
        "expiresAt" timestamptz not null
      );
      create index "passkeyChallenges_expiry" on "passkeyChallenges" ("expiresAt");
      create index "passkeyChallenges_user" on "passkeyChallenges" ("userId");
    `,
  },
]
