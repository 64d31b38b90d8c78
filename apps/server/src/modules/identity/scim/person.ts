import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { ComplexValue, Resource } from './read-resource.ts'
import { enterpriseSchemaId, userSchemaId } from './schemas.ts'
import { locationOf, type ScimCtx } from './scim-ctx.ts'
import { invalidValue } from './scim-error.ts'
import type { PersonRow } from './user-store.ts'

const emailSchema = z.email().max(254)

/** What a resource says that Parley acts on; the rest is kept and returned. */
export interface PersonSaid {
  userName: string
  externalId: string | null
  active: boolean | undefined
  /** Name of a role; undefined when it says nothing about it. */
  role: string | undefined
  email: string
  name: string
  attributes: Resource
}

/** @throws ScimError invalidValue */
export function readPerson(resource: Resource): PersonSaid {
  const { userName, externalId, active, roles: given, ...attributes } = resource
  const trimmed = typeof userName === 'string' ? userName.trim() : ''
  if (trimmed === '') throw invalidValue('“userName” is missing.')
  const email = emailOf(trimmed, attributes)
  return {
    userName: trimmed,
    externalId: typeof externalId === 'string' ? externalId : null,
    active: typeof active === 'boolean' ? active : undefined,
    role: given === undefined ? undefined : readRole(given as ComplexValue[]),
    email,
    name: nameOf(attributes, email),
    attributes,
  }
}

/** The primary address, or the one for work, or the first; else the userName. */
function emailOf(userName: string, attributes: Resource): string {
  const emails = (attributes.emails ?? []) as ComplexValue[]
  const chosen =
    emails.find((each) => each.primary === true) ??
    emails.find((each) => String(each.type).toLowerCase() === 'work') ??
    emails[0]
  const email = String(chosen?.value ?? userName)
    .trim()
    .toLowerCase()
  if (emailSchema.safeParse(email).success) return email
  throw invalidValue(
    chosen === undefined
      ? 'An email address is needed: in “emails”, or as “userName”.'
      : `“${email.slice(0, 100)}” is not an email address.`,
  )
}

function nameOf({ displayName, name }: Resource, email: string): string {
  const { formatted, givenName, familyName } = (name ?? {}) as ComplexValue
  const parts = [givenName, familyName].filter((part) => typeof part === 'string' && part.trim() !== '').join(' ')
  const found = [displayName, formatted, parts].find((each) => typeof each === 'string' && each.trim() !== '')
  return String(found ?? email)
    .trim()
    .slice(0, 100)
}

function readRole(given: ComplexValue[]): string {
  const { value } = given.find((each) => each.primary === true) ?? given[0] ?? {}
  return String(value ?? '').trim()
}

/** What a PATCH changes: the resource without what only an answer has. */
export function resourceOf({ userName, externalId, active, attributes }: PersonRow): Resource {
  return { ...attributes, userName, active, ...(externalId === null ? {} : { externalId }) }
}

/** A person as a directory reads them. */
export function presentPerson(ctx: ScimCtx, row: PersonRow): Record<string, unknown> {
  const { id, createdAt, updatedAt } = row
  const resource = resourceOf(row)
  const groups = row.groups.map((group) => ({ ...group, $ref: locationOf(ctx, 'Groups', group.value), type: 'direct' }))
  const schemas = resource[enterpriseSchemaId] ? [userSchemaId, enterpriseSchemaId] : [userSchemaId]
  return withVersion({
    schemas,
    id,
    ...resource,
    ...(groups.length > 0 ? { groups } : {}),
    meta: {
      resourceType: 'User',
      created: createdAt.toISOString(),
      lastModified: updatedAt.toISOString(),
      location: locationOf(ctx, 'Users', id),
    },
  })
}

/** With a weak ETag: of all that is in it, so that it changes by whatever way the resource did. */
export function withVersion(resource: { meta: Record<string, unknown> } & Record<string, unknown>) {
  const digest = createHash('sha256').update(JSON.stringify(resource)).digest('base64url').slice(0, 22)
  return { ...resource, meta: { ...resource.meta, version: `W/"${digest}"` } }
}
