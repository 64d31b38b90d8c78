import type { Migration } from '../database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'outbox-0001',
    up: `
      create table "outboxEvents" (
        "position" bigint generated always as identity primary key,
        "id" uuid not null,
        "workspaceId" uuid not null,
        "type" text not null,
        "subjectId" uuid not null,
        "data" jsonb not null,
        "createdAt" timestamptz not null
      );
      create index "outboxEvents_age" on "outboxEvents" ("createdAt");

      create table "outboxDeliveries" (
        "position" bigint not null references "outboxEvents" ("position") on delete cascade,
        "listener" text not null,
        "subjectId" uuid not null,
        "state" text not null default 'pending',
        "attempts" integer not null default 0,
        "notBefore" timestamptz not null,
        "lastError" text,
        primary key ("position", "listener")
      );
      create index "outboxDeliveries_order" on "outboxDeliveries" ("listener", "subjectId", "position")
        where "state" = 'pending';
      create index "outboxDeliveries_due" on "outboxDeliveries" ("notBefore") where "state" = 'pending';
    `,
  },
]
