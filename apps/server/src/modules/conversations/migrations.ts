import type { Migration } from '../../platform/database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'conversations-0001',
    up: `
      create table "conversations" (
        "id" uuid primary key,
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "ownerId" uuid not null references "users" ("id") on delete cascade,
        "title" text not null,
        "titleSource" text not null,
        "model" text,
        "activeLeafId" uuid,
        "version" integer not null default 1,
        "createdAt" timestamptz not null,
        "updatedAt" timestamptz not null
      );
      create index "conversations_list" on "conversations" ("workspaceId", "ownerId", "updatedAt" desc, "id" desc);

      create table "messages" (
        "id" uuid primary key,
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "conversationId" uuid not null references "conversations" ("id") on delete cascade,
        "parentId" uuid references "messages" ("id") on delete cascade,
        "role" text not null,
        "status" text not null,
        "parts" jsonb not null,
        "model" text,
        "usage" jsonb,
        "error" jsonb,
        "runId" uuid,
        "createdAt" timestamptz not null
      );
      create index "messages_children" on "messages" ("conversationId", "parentId", "id");
      create index "messages_writing" on "messages" ("conversationId", "id") where "status" = 'writing';
      create index "messages_parent" on "messages" ("parentId");
    `,
  },
]
