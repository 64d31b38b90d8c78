import { type AuditAction, auditActions, type Endpoint, endpoints } from '@parley/contract'
import { expect, test } from 'vitest'
import { audited, auditedElsewhere } from './testing/audit-table.ts'

const every = Object.entries(endpoints) as [keyof typeof endpoints, Endpoint][]

test('P15: every endpoint that changes something says what it writes to the audit log, or why nothing', () => {
  const silent = every.filter(([name, { method }]) => method !== 'GET' && audited[name] === undefined)
  expect(silent.map(([name]) => name)).toEqual([])
  const reasons = Object.values(audited).filter((line) => typeof line === 'string')
  expect(reasons.filter((reason) => reason.length < 20)).toEqual([])
})

test('every action is written by something', () => {
  const written = new Set<string>([
    ...Object.values(audited).flatMap((line) => (typeof line === 'string' ? [] : line)),
    ...Object.keys(auditedElsewhere),
  ])
  expect((Object.keys(auditActions) as AuditAction[]).filter((action) => !written.has(action))).toEqual([])
})
