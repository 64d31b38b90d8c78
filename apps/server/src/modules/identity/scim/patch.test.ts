import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applyPatch, type Operation, readPatch } from './patch.ts'
import type { ComplexValue, Resource } from './read-resource.ts'
import { groupResource, userResource } from './schemas.ts'

/** The members of a group as nothing but a set. */
type Model = Set<string>

const id = fc.constantFrom('a', 'b', 'c', 'd', 'e')
const ids = fc.uniqueArray(id, { maxLength: 4 })
const op = (name: string) => fc.constantFrom(name, name.toUpperCase(), name[0]!.toUpperCase() + name.slice(1))
const membersOf = (list: string[]) => list.map((value) => ({ value }))

/** What is sent, and what it does to the set. */
const step = fc.oneof(
  fc.record({ op: op('add'), list: ids }).map(({ op, list }) => ({
    sent: { op, path: 'members', value: membersOf(list) },
    act: (model: Model) => new Set([...model, ...list]),
  })),
  fc.record({ op: op('add'), list: ids }).map(({ op, list }) => ({
    sent: { op, value: { members: membersOf(list), displayName: 'G' } },
    act: (model: Model) => new Set([...model, ...list]),
  })),
  fc.record({ op: op('replace'), list: ids }).map(({ op, list }) => ({
    sent: { op, path: 'Members', value: membersOf(list) },
    act: () => new Set(list),
  })),
  fc.record({ op: op('remove'), one: id }).map(({ op, one }) => ({
    sent: { op, path: `members[value eq "${one}"]` },
    act: (model: Model) => new Set([...model].filter((each) => each !== one)),
  })),
  fc.record({ op: op('remove'), list: fc.uniqueArray(id, { minLength: 1, maxLength: 4 }) }).map(({ op, list }) => ({
    sent: { op, path: 'members', value: membersOf(list) },
    act: (model: Model) => new Set([...model].filter((each) => !(list as string[]).includes(each))),
  })),
  fc.record({ op: op('remove'), one: id, other: id }).map(({ op, one, other }) => ({
    sent: { op, path: `members[value eq "${one}" or value eq "${other}"]` },
    act: (model: Model) => new Set([...model].filter((each) => each !== one && each !== other)),
  })),
  op('remove').map((op) => ({ sent: { op, path: 'members' }, act: (): Model => new Set() })),
)

const read = (Operations: unknown[]): Operation[] =>
  readPatch({ schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations })

test('any PATCHes of members end as a set does, and leave what they were given as it was', () => {
  fc.assert(
    fc.property(ids, fc.array(step, { minLength: 1, maxLength: 8 }), (start, steps) => {
      const before: Resource = { displayName: 'G', members: membersOf(start) }
      const untouched = structuredClone(before)
      const after = applyPatch(groupResource, before, read(steps.map(({ sent }) => sent)))
      const model = steps.reduce((sofar: Model, { act }) => act(sofar), new Set(start))
      const found = ((after.members ?? []) as ComplexValue[]).map(({ value }) => value)
      expect(new Set(found)).toEqual(model)
      expect(found.length).toBe(model.size)
      expect(after.members === undefined).toBe(model.size === 0)
      expect(before).toEqual(untouched)
    }),
    { numRuns: 500 },
  )
})

/** Simple attributes, some below another, as a flat map from their path. */
const paths = ['title', 'nickName', 'name.givenName', 'name.familyName', 'userType'] as const
const extension = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const flatStep = fc
  .record({
    path: fc.constantFrom(...paths, `${extension}:department` as const, `${extension}:manager.value` as const),
    value: fc.option(fc.string({ minLength: 1, maxLength: 5 })),
    way: fc.constantFrom('add', 'Replace', 'remove', 'pathless'),
  })
  .map(({ path, value, way }) => {
    const sent =
      way === 'remove'
        ? { op: 'remove', path }
        : way === 'pathless'
          ? { op: 'replace', value: { [path]: value } }
          : { op: way, path: path.toUpperCase().startsWith('URN') ? path : path.toUpperCase(), value }
    return { path: path as string, sent, value: way === 'remove' ? null : value }
  })

function flat(resource: Resource): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  const visit = (value: unknown, path: string) => {
    if (typeof value !== 'object' || value === null) found[path] = value
    else
      for (const [key, item] of Object.entries(value))
        visit(item, path === '' ? key : `${path}${path === extension ? ':' : '.'}${key}`)
  }
  visit(resource, '')
  return found
}

test('any PATCHes of single attributes end as a map does', () => {
  fc.assert(
    fc.property(fc.array(flatStep, { minLength: 1, maxLength: 10 }), (steps) => {
      const after = applyPatch(userResource, {}, read(steps.map(({ sent }) => sent)))
      const model: Record<string, unknown> = {}
      for (const { path, value } of steps) {
        if (value === null) delete model[path]
        else model[path] = value
      }
      expect(flat(after)).toEqual(model)
    }),
    { numRuns: 500 },
  )
})

test('at most one value is primary, whatever is added', () => {
  const email = fc.record({
    value: fc.constantFrom('a@x.io', 'b@x.io', 'c@x.io'),
    type: fc.constantFrom('work', 'home'),
    primary: fc.boolean(),
  })
  const add = email.map((value) => ({ op: 'add', path: 'emails', value: [value] }))
  const mark = fc
    .constantFrom('work', 'home')
    .map((type) => ({ op: 'add', path: `emails[type eq "${type}"].primary`, value: 'True' }))
  fc.assert(
    fc.property(fc.array(fc.oneof(add, mark), { minLength: 1, maxLength: 8 }), (operations) => {
      const { emails = [] } = applyPatch(userResource, {}, read(operations))
      expect((emails as ComplexValue[]).filter(({ primary }) => primary === true).length).toBeLessThanOrEqual(1)
    }),
  )
})
