import type { Migration } from '../../../platform/database/index.ts'
import { migrations as stripe } from './stripe/migrations.ts'

export const migrations: Migration[] = [
  {
    name: 'usage-billing-0001',
    // Months from before there were invoices get none: the first begins with the month of the upgrade.
    up: `
      create table "invoices" (
        "id" uuid primary key,
        "number" integer not null unique,
        "workspaceId" uuid not null,
        "workspaceName" text not null,
        "issuer" text not null,
        "month" text not null,
        "periodStart" timestamptz not null,
        "periodEnd" timestamptz not null,
        "timeZone" text not null,
        "lines" jsonb not null,
        "totalMicroUsd" bigint not null,
        "usageCostMicroUsd" bigint not null,
        "issuedAt" timestamptz not null,
        unique ("workspaceId", "month")
      );
      create function "refuseInvoiceChange"() returns trigger language plpgsql as $$
      begin
        raise exception 'an invoice is never changed or deleted';
      end $$;
      create trigger "invoices_final" before update or delete on "invoices"
        for each row execute function "refuseInvoiceChange"();

      create table "invoicedUntil" (
        "workspaceId" uuid primary key references "workspaces" ("id") on delete cascade,
        "month" text not null,
        "until" timestamptz not null
      );
      insert into "invoicedUntil" ("workspaceId", "month", "until")
        select workspace."id", to_char(first."day" - interval '1 day', 'YYYY-MM'), first."day" at time zone zone."name"
        from "workspaces" workspace
        left join "usageSettings" settings on settings."workspaceId" = workspace."id"
        cross join lateral (select coalesce(settings."timeZone", 'UTC') as "name") zone
        cross join lateral (select date_trunc('month', now() at time zone zone."name") as "day") first;
    `,
  },
  ...stripe,
]
