import type { Selectable, Updateable } from 'kysely'
import type { Platform } from '../../../../platform/context.ts'
import type { Db } from '../../../../platform/database/index.ts'
import type { StripeCustomersTable } from './tables.ts'

export type CustomerRow = Selectable<StripeCustomersTable>

const eventsKeptMs = 30 * 86_400_000

export function findCustomer(db: Db, workspaceId: string): Promise<CustomerRow | undefined> {
  return db.selectFrom('stripeCustomers').selectAll().where('workspaceId', '=', workspaceId).executeTakeFirst()
}

/** The workspace that a customer of Stripe's stands for. */
export async function findWorkspaceOfCustomer(db: Db, customerId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('stripeCustomers')
    .select('workspaceId')
    .where('customerId', '=', customerId)
    .executeTakeFirst()
  return row?.workspaceId
}

/** Keeps the customer of a workspace, unless it has one by now. */
export async function insertCustomer(db: Db, workspaceId: string, customerId: string, now: Date): Promise<void> {
  const nothing = { subscriptionId: null, status: null, priceId: null, planId: null, interval: null, people: null }
  const never = { priceMicroUsd: null, currentPeriodEnd: null, cancelAt: null, pastDueSince: null }
  await db
    .insertInto('stripeCustomers')
    .values({ workspaceId, customerId, version: 0, ...nothing, ...never, createdAt: now, updatedAt: now })
    .onConflict((conflict) => conflict.column('workspaceId').doNothing())
    .execute()
}

/** Forgets a customer that Stripe does not know any more. */
export async function deleteCustomer(db: Db, workspaceId: string, customerId: string): Promise<void> {
  await db
    .deleteFrom('stripeCustomers')
    .where('workspaceId', '=', workspaceId)
    .where('customerId', '=', customerId)
    .execute()
}

/** Takes over what Stripe said, unless something was taken over since `version`; says whether it did. */
export async function updateCustomer(
  db: Db,
  { workspaceId, customerId, version }: CustomerRow,
  change: Updateable<StripeCustomersTable>,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('stripeCustomers')
    .set({ ...change, version: version + 1 })
    .where('workspaceId', '=', workspaceId)
    .where('customerId', '=', customerId)
    .where('version', '=', version)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** Workspaces whose subscription goes on, or may have begun without our hearing of it. */
export async function listWorkspacesToCheck(db: Db): Promise<string[]> {
  const rows = await db
    .selectFrom('stripeCustomers')
    .select('workspaceId')
    .where((row) => row.or([row('status', 'is', null), row('status', 'not in', ['canceled', 'incomplete_expired'])]))
    .orderBy('workspaceId')
    .execute()
  return rows.map(({ workspaceId }) => workspaceId)
}

export async function isKnownEvent(db: Db, id: string): Promise<boolean> {
  return (await db.selectFrom('stripeEvents').select('id').where('id', '=', id).executeTakeFirst()) !== undefined
}

/** False when it was taken before, or is being taken by a transaction that ends well. */
export async function noteEvent(db: Db, event: { id: string; type: string }, receivedAt: Date): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('stripeEvents')
    .values({ ...event, receivedAt })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return (numInsertedOrUpdatedRows ?? 0n) > 0n
}

export async function pruneStripeEvents({ db, clock }: Platform): Promise<void> {
  const before = new Date(clock.now().getTime() - eventsKeptMs)
  await db.deleteFrom('stripeEvents').where('receivedAt', '<', before).execute()
}
