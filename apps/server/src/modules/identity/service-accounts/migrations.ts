import type { Migration } from '../../../platform/database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'identity-service-accounts-0001',
    up: `
      alter table "users" add column "kind" text not null default 'person' check ("kind" in ('person', 'service'));

      create table "serviceAccounts" (
        "userId" uuid primary key references "users" ("id") on delete cascade,
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "description" text not null,
        "createdBy" uuid references "users" ("id") on delete set null
      );
      create index "serviceAccounts_list" on "serviceAccounts" ("workspaceId", "userId" desc);
    `,
  },
]
