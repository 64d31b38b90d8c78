import type { Migration } from '../../platform/database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'files-0001',
    up: `
      create table "files" (
        "id" uuid primary key,
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "ownerId" uuid not null references "users" ("id") on delete cascade,
        "name" text not null,
        "mediaType" text not null,
        "bytes" bigint not null,
        "sha256" text not null,
        "storageKey" text not null unique,
        "createdAt" timestamptz not null
      );
      create index "files_list" on "files" ("workspaceId", "ownerId", "id" desc);
      create index "files_owner" on "files" ("ownerId");
    `,
  },
  {
    name: 'files-0002',
    // Files that are in messages already are linked by the module that has the messages.
    up: `
      create table "conversationFiles" (
        "fileId" uuid not null references "files" ("id") on delete cascade,
        "conversationId" uuid not null,
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        primary key ("fileId", "conversationId")
      );
      create index "conversationFiles_conversation" on "conversationFiles" ("conversationId");
      create index "conversationFiles_workspace" on "conversationFiles" ("workspaceId");
    `,
  },
]
