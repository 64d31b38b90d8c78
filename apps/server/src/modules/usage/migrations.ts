import type { Migration } from '../../platform/database/index.ts'
import { migrations as billing } from './billing/migrations.ts'
import { migrations as budgets } from './budgets/migrations.ts'
import { migrations as ledger } from './ledger/migrations.ts'
import { migrations as limits } from './limits/migrations.ts'

export const migrations: Migration[] = [
  {
    name: 'usage-0001',
    // No foreign keys but the workspace: what was used stays booked when a conversation is deleted.
    up: `
      create table "usageEntries" (
        "id" uuid primary key,
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "userId" uuid not null,
        "runId" uuid not null,
        "conversationId" uuid not null,
        "messageId" uuid not null,
        "provider" text not null,
        "model" text not null,
        "inputTokens" integer not null,
        "cachedInputTokens" integer not null,
        "outputTokens" integer not null,
        "reasoningTokens" integer not null,
        "costMicroUsd" bigint,
        "latencyMs" integer not null,
        "firstTokenMs" integer,
        "outcome" text not null,
        "createdAt" timestamptz not null
      );
      create index "usageEntries_workspace" on "usageEntries" ("workspaceId", "createdAt");
    `,
  },
  ...limits,
  ...ledger,
  ...budgets,
  ...billing,
]
