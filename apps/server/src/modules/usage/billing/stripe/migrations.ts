import type { Migration } from '../../../../platform/database/index.ts'

export const migrations: Migration[] = [
  {
    name: 'usage-billing-stripe-0001',
    up: `
      create table "stripeCustomers" (
        "workspaceId" uuid primary key references "workspaces" ("id") on delete cascade,
        "customerId" text not null unique,
        "version" integer not null,
        "subscriptionId" text,
        "status" text,
        "priceId" text,
        "planId" text,
        "interval" text,
        "priceMicroUsd" bigint,
        "people" integer,
        "currentPeriodEnd" timestamptz,
        "cancelAt" timestamptz,
        "pastDueSince" timestamptz,
        "createdAt" timestamptz not null,
        "updatedAt" timestamptz not null
      );

      create table "stripeEvents" (
        "id" text primary key,
        "type" text not null,
        "receivedAt" timestamptz not null
      );
      create index "stripeEvents_age" on "stripeEvents" ("receivedAt");
    `,
  },
]
