import type { Migration } from '../../../platform/database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'emailed-links-0001',
    // Whoever was let in before keeps the address they came with.
    up: `
      alter table "users" add column "emailVerifiedAt" timestamptz;
      update "users" set "emailVerifiedAt" = "createdAt";

      create table "emailedLinks" (
        "id" uuid primary key,
        "purpose" text not null,
        "tokenHash" text not null unique,
        "email" text not null,
        "userId" uuid references "users" ("id") on delete cascade,
        "invitationId" uuid references "invitations" ("id") on delete cascade,
        "createdAt" timestamptz not null,
        "expiresAt" timestamptz not null
      );
      create index "emailedLinks_recent" on "emailedLinks" ("email", "createdAt");
      create index "emailedLinks_user" on "emailedLinks" ("userId");
      create index "emailedLinks_invitation" on "emailedLinks" ("invitationId");
      create index "emailedLinks_age" on "emailedLinks" ("expiresAt");
    `,
  },
]
