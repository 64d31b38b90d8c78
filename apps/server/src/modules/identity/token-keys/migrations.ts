import type { Migration } from '../../../platform/database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'identity-token-keys-0001',
    up: `
      create table "tokenKeys" (
        "id" text primary key,
        "publicKey" text not null,
        "sealedPrivateKey" text not null,
        "createdAt" timestamptz not null,
        "signsFrom" timestamptz not null,
        "goodUntil" timestamptz
      );
    `,
  },
]
