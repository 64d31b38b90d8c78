import type { Migration } from '../../../platform/database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'usage-limits-0001',
    up: `
      create table "plans" (
        "id" text primary key,
        "name" text not null,
        "position" integer not null,
        "requestsPerHour" integer check ("requestsPerHour" > 0),
        "requestBurst" integer check ("requestBurst" > 0),
        "tokensPerDay" bigint check ("tokensPerDay" > 0),
        "monthlyPriceMicroUsd" bigint check ("monthlyPriceMicroUsd" >= 0),
        "yearlyPriceMicroUsd" bigint check ("yearlyPriceMicroUsd" >= 0),
        "updatedAt" timestamptz not null,
        check (("requestsPerHour" is null) = ("requestBurst" is null))
      );
      insert into "plans" ("id", "name", "position", "requestsPerHour", "requestBurst", "tokensPerDay", "updatedAt") values
        ('free', 'Free', 1, 10, 10, 100000, '2026-11-25T00:00:00Z'),
        ('pro', 'Pro', 2, 100, 100, 1000000, '2026-11-25T00:00:00Z'),
        ('enterprise', 'Enterprise', 3, 1000, 1000, 10000000, '2026-11-25T00:00:00Z');

      create table "workspacePlans" (
        "workspaceId" uuid primary key references "workspaces" ("id") on delete cascade,
        "planId" text not null references "plans" ("id"),
        "since" timestamptz not null
      );

      create table "limitOverrides" (
        "id" uuid primary key,
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "subjectKind" text not null check ("subjectKind" in ('workspace', 'group', 'user', 'key', 'model')),
        "subjectId" text not null,
        "counted" text not null check ("counted" in ('each', 'together')),
        "requestsPerHour" integer check ("requestsPerHour" > 0),
        "requestBurst" integer check ("requestBurst" > 0),
        "tokensPerDay" bigint check ("tokensPerDay" > 0),
        "abovePlan" boolean not null,
        "createdBy" uuid not null,
        "createdAt" timestamptz not null,
        "updatedAt" timestamptz not null,
        unique ("workspaceId", "subjectKind", "subjectId", "counted"),
        check (("requestsPerHour" is null) = ("requestBurst" is null)),
        check ("requestsPerHour" is not null or "tokensPerDay" is not null)
      );
    `,
  },
  {
    name: 'usage-limits-0002',
    up: `
      alter table "plans"
        add column "priceUnit" text not null default 'workspace' check ("priceUnit" in ('workspace', 'person')),
        add column "markupPercent" integer check ("markupPercent" between 0 and 1000),
        add column "stripeMonthlyPriceId" text unique,
        add column "stripeYearlyPriceId" text unique;

      alter table "workspacePlans"
        alter column "planId" drop not null,
        add column "subscribedPlanId" text references "plans" ("id");

      create table "planChanges" (
        "id" uuid primary key,
        "workspaceId" uuid not null references "workspaces" ("id") on delete cascade,
        "fromPlanId" text not null,
        "fromSource" text not null,
        "planId" text not null,
        "source" text not null,
        "at" timestamptz not null
      );
      create index "planChanges_workspace" on "planChanges" ("workspaceId", "at");
    `,
  },
]
