export { type Dispatcher, pruneOutbox, startDispatcher } from './dispatch.ts'
export { migrations } from './migrations.ts'
export { type DomainEvent, emit, emitting, listen, type NewEvent } from './outbox.ts'
