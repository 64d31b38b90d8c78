import { v7 } from 'uuid'

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** A UUIDv7 (RFC 9562) in lower case; those of one process sort in the order in which they were made. */
export function newId(): string {
  return v7()
}

/** Whether a text is an id as `newId` makes them. Lower case only: ids are compared as text. */
export function isId(text: unknown): text is string {
  return typeof text === 'string' && UUID_V7.test(text)
}
