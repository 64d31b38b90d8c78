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
  {
    name: 'conversations-0002',
    up: `
      alter table "conversations" add column "shared" boolean not null default false;
      create index "conversations_shared" on "conversations" ("workspaceId", "updatedAt" desc, "id" desc) where "shared";
      alter table "messages" add column "authorId" uuid references "users" ("id") on delete set null;
      create index "messages_author" on "messages" ("authorId") where "authorId" is not null;

      insert into "conversationFiles" ("fileId", "conversationId", "workspaceId")
      select distinct f."id", c."id", c."workspaceId"
      from "messages" m
      join "conversations" c on c."id" = m."conversationId"
      cross join lateral (
        select jsonb_path_query(m."parts", '$[*].fileId') as "id"
        union all select jsonb_path_query(m."parts", '$[*].result.content[*].fileId')
      ) named
      join "files" f on f."id"::text = named."id" #>> '{}' and f."ownerId" = c."ownerId"
        and f."workspaceId" = c."workspaceId"
      on conflict do nothing;
    `,
  },
  {
    name: 'conversations-0003',
    // No reference: a conversation says of a preset that is gone that it is.
    up: `alter table "conversations" add column "presetId" uuid;`,
  },
]
