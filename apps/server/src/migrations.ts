import { migrations as auditModule } from './modules/audit/index.ts'
import { migrations as chat } from './modules/chat/index.ts'
import { migrations as conversations } from './modules/conversations/index.ts'
import { migrations as files } from './modules/files/index.ts'
import { migrations as identity } from './modules/identity/index.ts'
import { migrations as models } from './modules/models/index.ts'
import { migrations as outbound } from './modules/outbound/index.ts'
import { migrations as presets } from './modules/presets/index.ts'
import { migrations as privacy } from './modules/privacy/index.ts'
import { migrations as sharing } from './modules/sharing/index.ts'
import { migrations as tools } from './modules/tools/index.ts'
import { migrations as usage } from './modules/usage/index.ts'
import { migrations as audit } from './platform/audit/index.ts'
import type { Migration } from './platform/database/index.ts'
import { migrations as http } from './platform/http/index.ts'
import { migrations as outbox } from './platform/outbox/index.ts'

/** Every migration, in the order in which they are applied. Only ever append to a module's list. */
export const migrations: Migration[] = [
  ...http,
  ...outbox,
  ...audit,
  ...identity,
  ...sharing,
  ...files,
  ...usage,
  ...outbound,
  ...privacy,
  ...models,
  ...tools,
  ...presets,
  ...conversations,
  ...chat,
  ...auditModule,
]

/** Tables that migrations put rows into: an import replaces these. */
export const seededTables = ['plans']
