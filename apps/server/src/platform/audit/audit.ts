import type { AuditAction, AuditActorKind, AuditOutcome } from '@parley/contract'
import { type Actor, beforeCommit, type Caller, inTransaction, type Platform } from '../context.ts'
import type { Db } from '../database/index.ts'
import { installationChain } from './chain.ts'
import { keptFields, tidyText } from './kept-fields.ts'
import { type Draft, writeEntries } from './write-entries.ts'

/** A context of any kind: whatever it knows of who acts, and from where, is written down. */
export type AuditCtx = Pick<Platform, 'db' | 'keyring' | 'bus' | 'clock'> & {
  actor?: Actor
  requestId?: string
  caller?: Caller
}

/** What was acted on. */
export interface AuditSubject {
  kind: string
  /** Undefined for what there is one of. */
  id?: string | undefined
  /** As it was called then. People are named by their id alone: their names are looked up when they are shown. */
  name?: string | undefined
}

export interface AuditAct {
  action: AuditAction
  subject: AuditSubject
  /** Whole records are fine: what is kept of them is said by the action. */
  before?: object | undefined
  after?: object | undefined
  outcome?: AuditOutcome
  /** Whose logs it belongs into; default the actor's workspace. `installation`: what concerns no workspace. */
  workspaces?: readonly string[] | 'installation' | undefined
  /** Who acts where the context knows of nobody, as while they sign up. */
  actorId?: string
  /** Who acted, whatever the context says: while somebody signs in, a directory, the command line. */
  by?: { kind: AuditActorKind; actorId?: string | null; credentialId?: string | null } | undefined
}

const drafts = new WeakMap<Db, Draft[]>()

/**
 * Writes an act to the audit log, in the transaction of `ctx`: it is in the log if and only if it happened. Its place in
 * the chain is taken last, just before the transaction is committed. Outside of a transaction it gets one of its own.
 */
export async function audit(ctx: AuditCtx, act: AuditAct): Promise<void> {
  if (!ctx.db.isTransaction) return inTransaction(ctx, (tx) => audit(tx, act))
  const own = draftsOf(ctx, act)
  const waiting = drafts.get(ctx.db)
  if (waiting !== undefined) {
    waiting.push(...own)
    return
  }
  drafts.set(ctx.db, own)
  beforeCommit(ctx, () => writeEntries(ctx, own))
}

function draftsOf(ctx: AuditCtx, act: AuditAct): Draft[] {
  const { action, subject, outcome = 'done' } = act
  const by = act.by ?? actorOf(ctx, act)
  const draft = {
    action,
    outcome,
    actorKind: by.kind,
    actorId: textOf(by.actorId),
    credentialId: textOf(by.credentialId),
    subjectKind: subject.kind,
    subjectId: textOf(subject.id),
    subjectName: textOf(subject.name),
    ...keptFields(action, act.before, act.after),
    address: textOf(ctx.caller?.address),
    userAgent: textOf(ctx.caller?.userAgent),
    requestId: textOf(ctx.requestId),
  }
  return chainsOf(ctx, act).map((chain) => ({ chain, ...draft }))
}

function actorOf({ actor }: AuditCtx, { actorId }: AuditAct): NonNullable<AuditAct['by']> {
  if (actor === undefined) return { kind: 'anonymous', actorId: actorId ?? null }
  return { kind: actor.kind, actorId: actor.userId, credentialId: actor.credentialId }
}

function chainsOf({ actor }: AuditCtx, { workspaces }: AuditAct): readonly string[] {
  if (workspaces === 'installation') return [installationChain]
  if (workspaces !== undefined) return [...new Set(workspaces)]
  return [actor?.workspaceId ?? installationChain]
}

function textOf(text: string | null | undefined): string | null {
  return text === undefined || text === null ? null : tidyText(text, 300)
}
