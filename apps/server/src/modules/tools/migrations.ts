import type { Migration } from '../../platform/database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'tools-0001',
    up: `
      create table "mcpServers" (
        "id" uuid primary key,
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "slug" text not null,
        "name" text not null,
        "transport" text not null,
        "command" text,
        "args" jsonb,
        "url" text,
        "secretNames" jsonb not null,
        "secrets" text not null,
        "enabled" boolean not null,
        "revision" integer not null,
        "createdBy" uuid not null,
        "createdAt" timestamptz not null
      );
      create unique index "mcpServers_slug" on "mcpServers" ("workspaceId", "slug");

      create table "toolPolicies" (
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "serverId" text not null,
        "tool" text not null,
        "policy" text not null,
        "definitionHash" text not null,
        "chosenBy" uuid not null,
        "chosenAt" timestamptz not null,
        primary key ("workspaceId", "serverId", "tool")
      );

      create table "toolResults" (
        "id" uuid primary key,
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "ownerId" uuid not null references "users" ("id") on delete cascade,
        "conversationId" uuid,
        "tool" text not null,
        "characters" integer not null,
        "pages" jsonb not null,
        "createdAt" timestamptz not null
      );
      create index "toolResults_conversation" on "toolResults" ("conversationId");
      create index "toolResults_owner" on "toolResults" ("ownerId");
    `,
  },
]
