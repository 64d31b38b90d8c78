import type { Migration } from '../../platform/database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'models-0001',
    up: `
      create table "modelProviders" (
        "id" uuid primary key,
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "slug" text not null,
        "name" text not null,
        "protocol" text not null,
        "baseUrl" text not null,
        "sealedKey" text,
        "keyHint" text,
        "verdict" jsonb not null,
        "models" jsonb not null,
        "createdAt" timestamptz not null,
        "updatedAt" timestamptz not null,
        unique ("workspaceId", "slug")
      );

      create table "modelSettings" (
        "workspaceId" uuid primary key references "workspaces" ("id") on delete cascade,
        "defaultModel" text
      );

      create table "environmentModels" (
        "slug" text primary key,
        "baseUrl" text not null,
        "models" jsonb not null,
        "updatedAt" timestamptz not null
      );
    `,
  },
]
