import type { BodyOf, LimitOverride, LimitSubject, limitEndpoints } from '@parley/contract'
import { audit } from '../../../platform/audit/index.ts'
import { type Ctx, inTransaction } from '../../../platform/context.ts'
import { AppError, notFound } from '../../../platform/errors.ts'
import { type NamedBucket, presentStanding } from '../../../platform/limits/index.ts'
import { resolveLimits } from './effective-limits.ts'
import { messageBucket } from './limit-buckets.ts'
import { announceLimits, type LimitSettings, limitSettings } from './limit-settings.ts'
import { isOperator } from './operator.ts'
import * as store from './store.ts'
import { findSubjectNames, type SubjectNames } from './subject-names.ts'

type NewOverride = BodyOf<typeof limitEndpoints.setLimitOverride>

/** Every override of the workspace, oldest first, with what is left where one count stands behind it. */
export async function listOverrides(ctx: Ctx): Promise<LimitOverride[]> {
  return present(ctx, await store.listOverrides(ctx.db, ctx.actor.workspaceId))
}

/**
 * Sets other figures for somebody or something of the workspace. Nobody but the operator can allow a person more than
 * the plan does.
 * @throws AppError not_found (the subject), unprocessable (above the plan), forbidden (set by the operator before)
 */
export async function setOverride(ctx: Ctx, body: NewOverride): Promise<LimitOverride> {
  const { workspaceId, userId } = ctx.actor
  const { subject, requestsPerHour, tokensPerDay } = body
  const names = await findSubjectNames(ctx, [subject])
  if (subject.kind !== 'model' && names.get(subject) === null) throw notFound(kindNames[subject.kind])
  // One person and one key are counted alone in any case.
  const counted = subject.kind === 'user' || subject.kind === 'key' ? 'each' : body.counted
  const operator = await isOperator(ctx)
  if (!operator) {
    await refuseOperatorsOwn(
      ctx,
      (row) => row.subjectKind === subject.kind && row.subjectId === subject.id && row.counted === counted,
    )
    if (counted === 'each' && subject.kind !== 'key' && subject.kind !== 'model') {
      refuseAbovePlan(await limitSettings(ctx, workspaceId), workspaceId, body)
    }
  }
  const row = await saveAudited(ctx, {
    workspaceId,
    subjectKind: subject.kind,
    subjectId: subject.id,
    counted,
    requestsPerHour,
    requestBurst: requestsPerHour === null ? null : (body.requestBurst ?? requestsPerHour),
    tokensPerDay,
    abovePlan: operator,
    createdBy: userId,
    updatedAt: ctx.clock.now(),
  })
  ctx.log.info({ override: row.id, by: userId, subject, counted, requestsPerHour, tokensPerDay }, 'A limit was set.')
  announceLimits(ctx, workspaceId)
  return (await present(ctx, [row], names))[0]!
}

/** @throws AppError not_found, forbidden (set by the operator) */
export async function deleteOverride(ctx: Ctx, id: string): Promise<void> {
  const { workspaceId, userId } = ctx.actor
  if (!(await isOperator(ctx))) await refuseOperatorsOwn(ctx, (row) => row.id === id)
  await inTransaction(ctx, async (tx) => {
    const before = (await store.listOverrides(tx.db, workspaceId)).find((row) => row.id === id)
    if (!(await store.deleteOverride(tx.db, workspaceId, id))) throw notFound('limit')
    await audit(tx, { action: 'limit.deleted', subject: { kind: 'limit', id }, before: before && withSubject(before) })
  })
  ctx.log.info({ override: id, by: userId }, 'A limit was dropped.')
  announceLimits(ctx, workspaceId)
}

type NewRow = Parameters<typeof store.saveOverride>[1]

function saveAudited(ctx: Ctx, row: NewRow): Promise<store.OverrideRow> {
  const isSame = (other: NewRow) =>
    other.subjectKind === row.subjectKind && other.subjectId === row.subjectId && other.counted === row.counted
  return inTransaction(ctx, async (tx) => {
    const before = (await store.listOverrides(tx.db, row.workspaceId)).find(isSame)
    const saved = await store.saveOverride(tx.db, row)
    const subject = { kind: 'limit', id: saved.id }
    await audit(tx, {
      action: 'limit.saved',
      subject,
      before: before && withSubject(before),
      after: withSubject(saved),
    })
    return saved
  })
}

function withSubject(row: store.OverrideRow) {
  return { ...row, subject: `${row.subjectKind} ${row.subjectId}` }
}

const kindNames: Record<LimitSubject['kind'], string> = {
  workspace: 'workspace',
  group: 'group',
  user: 'person',
  key: 'API key',
  model: 'model',
}

async function refuseOperatorsOwn(ctx: Ctx, isIt: (row: store.OverrideRow) => boolean): Promise<void> {
  const row = (await store.listOverrides(ctx.db, ctx.actor.workspaceId)).find(isIt)
  if (row?.abovePlan) throw new AppError('forbidden', 'The owner who runs this installation set this limit.')
}

function refuseAbovePlan({ plan, find }: LimitSettings, workspaceId: string, body: NewOverride): void {
  const raised = find('workspace', workspaceId, 'each')
  const most = {
    requestsPerHour: (raised?.abovePlan ? raised.requestsPerHour : null) ?? plan.requestsPerHour,
    tokensPerDay: (raised?.abovePlan ? raised.tokensPerDay : null) ?? plan.tokensPerDay,
  }
  const fields = (['requestsPerHour', 'tokensPerDay'] as const).flatMap((figure) => {
    const [asked, allowed] = [body[figure], most[figure]]
    if (asked === null || allowed === null || asked <= allowed) return []
    return [{ pointer: `/${figure}`, message: `The plan ${plan.name} allows ${allowed} at most.` }]
  })
  if (fields.length > 0) throw new AppError('unprocessable', fields[0]!.message, { fields })
}

async function present(ctx: Ctx, rows: store.OverrideRow[], known?: SubjectNames): Promise<LimitOverride[]> {
  const { workspaceId } = ctx.actor
  const subjects = rows.map(({ subjectKind, subjectId }) => ({ kind: subjectKind, id: subjectId }))
  const names = known ?? (await findSubjectNames(ctx, subjects))
  const settings = await limitSettings(ctx, workspaceId)
  const buckets = rows.map((row) => bucketOf(row, settings))
  const { standings } = await ctx.limiter.look(buckets.filter((bucket) => bucket !== undefined))
  const now = ctx.clock.now()
  return rows.map((row, i) => {
    const standing = standings.find(({ bucket }) => bucket === buckets[i])
    const { id, counted, requestsPerHour, requestBurst, tokensPerDay, abovePlan, updatedAt } = row
    return {
      id,
      subject: { ...subjects[i]!, name: names.get(subjects[i]!) },
      counted,
      requestsPerHour,
      requestBurst,
      tokensPerDay,
      abovePlan,
      state: standing ? presentStanding(standing, now) : null,
      updatedAt: updatedAt.toISOString(),
    }
  })
}

/** The one count behind an override; none where it is for each of several people. */
function bucketOf(row: store.OverrideRow, settings: LimitSettings): NamedBucket | undefined {
  const { workspaceId, subjectKind: kind, subjectId: id, counted, requestsPerHour } = row
  if (requestsPerHour === null || (counted === 'each' && kind !== 'user' && kind !== 'key')) return undefined
  const inIt = kind === 'group' ? { ...settings, groupsOf: () => [id] } : settings
  const { plan, requests } = resolveLimits(inIt, {
    workspaceId,
    userId: kind === 'user' ? id : '',
    keyId: kind === 'key' ? id : undefined,
    model: kind === 'model' ? id : undefined,
  })
  const limit = requests.find((one) => one.subject.kind === kind && one.counted === counted)
  return limit && messageBucket(limit, plan.name)
}
