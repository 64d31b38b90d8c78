import type { Migration } from '../../../platform/database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'identity-api-keys-0001',
    up: `
      alter table "apiKeys"
        add column "resources" jsonb not null default '{}',
        add column "allowedAddresses" jsonb not null default '[]',
        add column "signing" jsonb,
        add column "rotatedAt" timestamptz,
        add column "lastUsedAddress" text,
        add column "leakedAt" timestamptz;

      create table "apiKeyFormerSecrets" (
        "hash" text primary key,
        "keyId" uuid not null references "apiKeys" ("id") on delete cascade,
        "prefix" text not null,
        "signing" jsonb,
        "goodUntil" timestamptz not null,
        "lastUsedAt" timestamptz
      );
      create index "apiKeyFormerSecrets_key" on "apiKeyFormerSecrets" ("keyId");

      create table "signatureNonces" (
        "keyId" uuid not null references "apiKeys" ("id") on delete cascade,
        "nonce" text not null,
        "goodUntil" timestamptz not null,
        primary key ("keyId", "nonce")
      );
      create index "signatureNonces_end" on "signatureNonces" ("goodUntil");
    `,
  },
]
