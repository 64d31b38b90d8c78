import type { Migration } from '../../../platform/database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'usage-budgets-0001',
    // Counters change all the time: room in each page keeps the changes there, without touching an index.
    up: `
      create table "budgets" (
        "id" uuid primary key,
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "name" text not null,
        "scope" text not null,
        "subjectId" text,
        "unit" text not null check ("unit" in ('money', 'tokens')),
        "amount" bigint not null check ("amount" > 0),
        "window" text not null check ("window" in ('day', 'month')),
        "warnAt" jsonb not null,
        "hardStop" boolean not null,
        "createdAt" timestamptz not null,
        "updatedAt" timestamptz not null
      );
      create index "budgets_workspace" on "budgets" ("workspaceId", "id");

      create table "budgetCounters" (
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "capId" text not null,
        "subject" text not null,
        "window" text not null,
        "resetsAt" timestamptz not null,
        "spent" bigint not null,
        "reserved" bigint not null default 0,
        "warned" integer not null default 0,
        primary key ("workspaceId", "capId", "subject", "window")
      ) with (fillfactor = 50);

      create table "budgetReservations" (
        "callKey" text primary key,
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "runId" uuid not null,
        "items" jsonb not null,
        "call" jsonb not null,
        "expiresAt" timestamptz not null
      );
      create index "budgetReservations_run" on "budgetReservations" ("runId");
      create index "budgetReservations_expiry" on "budgetReservations" ("expiresAt");

      create table "usageSettings" (
        "workspaceId" uuid primary key references "workspaces" ("id") on delete cascade,
        "timeZone" text,
        "maxSteps" integer,
        "maxToolCalls" integer,
        "maxCostMicroUsd" bigint,
        "maxSeconds" integer,
        "updatedAt" timestamptz not null
      );
    `,
  },
]
