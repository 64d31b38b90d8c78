import { type AuditAction, type AuditEntry, auditActions } from '@parley/contract'
import type { Ctx } from '../../platform/context.ts'
import { isId } from '../../platform/crypto/index.ts'
import { findNames, namesOfApiKeys, namesOfPeople } from '../identity/index.ts'
import { type EntryRow, sealedEntry } from './store.ts'

/** Entries with the names that their ids have now. */
export async function presentEntries(ctx: Ctx, rows: readonly EntryRow[]): Promise<AuditEntry[]> {
  const ids = (values: (string | null)[]) => [...new Set(values.filter(isId))]
  const peopleIds = ids(rows.flatMap((row) => [row.actorId, personIn(row)]))
  const [names, members, keys] = await Promise.all([
    findNames(ctx, peopleIds),
    namesOfPeople(ctx, peopleIds),
    namesOfApiKeys(
      ctx,
      ids(rows.map(({ actorKind, credentialId }) => (actorKind === 'api-key' ? credentialId : null))),
    ),
  ])
  return rows.map((row) => {
    const actorId = row.actorId ?? ''
    return {
      ...sealedEntry(row),
      title: auditActions[row.action as AuditAction]?.title ?? row.action,
      actorName: names.get(actorId) ?? null,
      actorEmail: members.get(actorId)?.email ?? null,
      credentialName: keys.get(row.credentialId ?? '') ?? null,
      subjectLabel: names.get(personIn(row) ?? '') ?? row.subjectName,
    }
  })
}

function personIn({ subjectKind, subjectId }: EntryRow): string | null {
  return subjectKind === 'person' ? subjectId : null
}
