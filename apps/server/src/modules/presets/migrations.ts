import type { Migration } from '../../platform/database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'presets-0001',
    up: `
      create table "presets" (
        "id" uuid primary key,
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "ownerId" uuid not null references "users" ("id") on delete cascade,
        "name" text not null,
        "description" text not null,
        "model" text,
        "instructions" text not null,
        "maxOutputTokens" integer,
        "serverIds" jsonb,
        "version" integer not null default 1,
        "shared" boolean not null default false,
        "createdAt" timestamptz not null,
        "updatedAt" timestamptz not null
      );
      create index "presets_list" on "presets" ("workspaceId", "ownerId", lower("name"), "id");
      create index "presets_shared" on "presets" ("workspaceId", lower("name"), "id") where "shared";
    `,
  },
]
