import type { AuditAction, AuditEntry } from '@parley/contract'
import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import { parley } from '../../parley.ts'

/** What the list is narrowed to; empty texts narrow nothing. */
export interface AuditFilters {
  chain: 'workspace' | 'installation'
  action: AuditAction | ''
  outcome: 'done' | 'refused' | ''
  /** Days, as a date field gives them. */
  from: string
  to: string
  actor: { id: string; name: string } | undefined
  subject: { id: string; name: string } | undefined
}

export const noFilters: AuditFilters = {
  chain: 'workspace',
  action: '',
  outcome: '',
  from: '',
  to: '',
  actor: undefined,
  subject: undefined,
}

/** The same as the API takes it: days begin and end where the reader is. */
export function queryOf({ chain, action, outcome, from, to, actor, subject }: AuditFilters) {
  return {
    chain,
    ...(action === '' ? {} : { action }),
    ...(outcome === '' ? {} : { outcome }),
    ...(from === '' ? {} : { from: new Date(`${from}T00:00:00`).toISOString() }),
    ...(to === '' ? {} : { to: new Date(`${to}T23:59:59.999`).toISOString() }),
    ...(actor ? { actorId: actor.id } : {}),
    ...(subject ? { subjectId: subject.id } : {}),
  }
}

export const listAudit = (filters: AuditFilters) =>
  infiniteQueryOptions({
    queryKey: ['audit', 'entries', filters],
    queryFn: ({ pageParam, signal }) =>
      parley.audit.list({ ...queryOf(filters), limit: 50, cursor: pageParam }, { signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  })

export const auditSettings = queryOptions({
  queryKey: ['audit', 'settings'],
  queryFn: ({ signal }) => parley.audit.settings({ signal }),
})

const actorKinds: Record<AuditEntry['actorKind'], string> = {
  session: 'Someone who left',
  'api-key': 'Someone who left',
  system: 'Parley',
  directory: 'The directory',
  command: 'The command line',
  anonymous: 'Nobody signed in',
}

/** Who acted, in a few words. */
export function actorOf({ actorName, actorKind }: AuditEntry): string {
  return actorName ?? actorKinds[actorKind]
}

/** What was acted on, as far as it has a name. */
export function subjectOf({ subjectLabel, subjectKind, subjectId }: AuditEntry): string {
  return subjectLabel ?? (subjectKind === 'conversation' && subjectId !== null ? `conversation ${subjectId}` : '')
}
