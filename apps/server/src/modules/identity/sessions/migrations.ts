import type { Migration } from '../../../platform/database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'sessions-0001',
    up: `
      alter table "sessions"
        add column "provenAt" timestamptz,
        add column "secondFactorAt" timestamptz,
        add column "method" text,
        add column "timeZone" text,
        add column "previousRefreshHash" text,
        add column "rotatedAt" timestamptz;

      create table "knownBrowsers" (
        "userId" uuid not null references "users" ("id") on delete cascade,
        "browserHash" text not null,
        "createdAt" timestamptz not null,
        "lastSignInAt" timestamptz not null,
        primary key ("userId", "browserHash")
      );
    `,
  },
]
