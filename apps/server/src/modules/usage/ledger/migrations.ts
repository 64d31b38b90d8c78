import type { Migration } from '../../../platform/database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'usage-ledger-0001',
    up: `
      alter table "usageEntries"
        add column "callKey" text,
        add column "purpose" text not null default 'chat',
        add column "apiKeyId" uuid,
        add column "plan" text,
        add column "estimated" boolean not null default false,
        add column "rolledUp" boolean not null default false;
      create unique index "usageEntries_call" on "usageEntries" ("callKey");
      create index "usageEntries_person" on "usageEntries" ("workspaceId", "userId", "createdAt");
      create index "usageEntries_fresh" on "usageEntries" ("workspaceId", "createdAt") where not "rolledUp";

      create table "usageDays" (
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "day" date not null,
        "userId" uuid not null,
        "apiKeyId" uuid,
        "model" text not null,
        "purpose" text not null,
        "calls" bigint not null,
        "failedCalls" bigint not null,
        "unpricedCalls" bigint not null,
        "inputTokens" bigint not null,
        "cachedInputTokens" bigint not null,
        "outputTokens" bigint not null,
        "reasoningTokens" bigint not null,
        "costMicroUsd" bigint not null,
        constraint "usageDays_key" unique nulls not distinct
          ("workspaceId", "day", "userId", "apiKeyId", "model", "purpose")
      );
    `,
  },
]
