import type { Migration } from '../../platform/database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'chat-0001',
    up: `
      create table "runs" (
        "id" uuid primary key,
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "conversationId" uuid not null references "conversations" ("id") on delete cascade,
        "messageId" uuid not null references "messages" ("id") on delete cascade,
        "userId" uuid not null references "users" ("id") on delete cascade,
        "status" text not null default 'running',
        "model" text not null,
        "modelReason" text not null,
        "maxOutputTokens" integer,
        "previousRunId" uuid unique references "runs" ("id") on delete cascade,
        "attempt" integer not null default 0,
        "leaseOwner" text not null,
        "leaseUntil" timestamptz not null,
        "draft" jsonb,
        "savedThrough" bigint not null default 0,
        "stopRequestedAt" timestamptz,
        "interrupts" jsonb not null default '[]',
        "usage" jsonb,
        "error" jsonb,
        "createdAt" timestamptz not null,
        "finishedAt" timestamptz
      );
      create index "runs_conversation" on "runs" ("conversationId");
      create index "runs_message" on "runs" ("messageId");
      create index "runs_running" on "runs" ("leaseUntil") where "status" = 'running';
    `,
  },
  {
    name: 'chat-0002',
    up: `alter table "runs" add column "apiKeyId" uuid;`,
  },
  {
    name: 'chat-0003',
    up: `alter table "runs" add column "preset" jsonb;`,
  },
]
