import type { LimitSubject } from '@parley/contract'
import type { Actor, Platform } from '../../../platform/context.ts'
import { type LimitSettings, limitSettings } from './limit-settings.ts'
import type { OverrideRow, PlanRow } from './store.ts'

/** One count and how far it may go. */
export interface Limit {
  /** Names the count; the same text for all who share it. */
  counter: string
  subject: LimitSubject
  counted: 'each' | 'together'
  /** Requests an hour, or tokens a day. */
  amount: number
  /** Requests at once; for tokens the same as `amount`. */
  burst: number
  /** Where the figure comes from. */
  setBy: 'plan' | LimitSubject['kind']
}

/** Every limit that applies to somebody. Each has to be kept: whichever is used up first refuses. */
export interface EffectiveLimits {
  plan: PlanRow
  requests: Limit[]
  tokensPerDay: Limit[]
}

/** Who is limited: a person, and what they use. */
export interface Limited {
  workspaceId: string
  userId: string
  /** Set where an API key acts. */
  keyId?: string | undefined
  /** Set where it is known: `openai/gpt-5`. */
  model?: string | undefined
}

/**
 * What limits the actor now, with this model if one is named. From memory, as a rule: no query per request.
 * See docs/limits.md for the rules.
 */
export async function effectiveLimits(
  ctx: Platform & { actor: Actor },
  use: { model?: string } = {},
): Promise<EffectiveLimits> {
  const { actor } = ctx
  const found = limitSettings(ctx, actor.workspaceId)
  const settings = found instanceof Promise ? await found : found
  return resolveLimits(settings, {
    workspaceId: actor.workspaceId,
    userId: actor.userId,
    keyId: actor.kind === 'api-key' ? actor.credentialId : undefined,
    model: use.model,
  })
}

/** The rules themselves, for requests and for tokens alike. */
export function resolveLimits(settings: LimitSettings, who: Limited): EffectiveLimits {
  return {
    plan: settings.plan,
    requests: resolve(settings, who, requests),
    tokensPerDay: resolve(settings, who, tokens),
  }
}

interface Amount {
  amount: number
  burst: number
}
/** Reads one figure from a plan or an override; undefined where it is not set. */
type Figure = (row: PlanRow | OverrideRow) => Amount | undefined

const requests: Figure = ({ requestsPerHour, requestBurst }) =>
  requestsPerHour === null ? undefined : { amount: requestsPerHour, burst: requestBurst ?? requestsPerHour }
const tokens: Figure = ({ tokensPerDay }) =>
  tokensPerDay === null ? undefined : { amount: tokensPerDay, burst: tokensPerDay }

function resolve(settings: LimitSettings, who: Limited, figure: Figure): Limit[] {
  const limits: Limit[] = []
  const add = (kind: LimitSubject['kind'], id: string, counted: Limit['counted'], counter: string, found?: Found) => {
    if (found === undefined) return
    const { setBy, ...amount } = found
    limits.push({ counter: `${who.workspaceId} ${counter}`, subject: { kind, id }, counted, ...amount, setBy })
  }
  const cap = (kind: LimitSubject['kind'], id: string, counted: Limit['counted']): Found | undefined => {
    const row = settings.find(kind, id, counted)
    const amount = row && figure(row)
    return amount && { ...amount, setBy: kind }
  }
  const { workspaceId, userId, keyId, model } = who

  add('user', userId, 'each', `user ${userId}`, allowanceOf(settings, who, figure))
  if (keyId !== undefined) add('key', keyId, 'each', `key ${keyId}`, cap('key', keyId, 'each'))
  for (const id of settings.groupsOf(userId)) add('group', id, 'together', `group ${id}`, cap('group', id, 'together'))
  add('workspace', workspaceId, 'together', 'workspace', cap('workspace', workspaceId, 'together'))
  if (model !== undefined) {
    add('model', model, 'each', `user ${userId} model ${model}`, cap('model', model, 'each'))
    add('model', model, 'together', `model ${model}`, cap('model', model, 'together'))
  }
  return limits
}

type Found = Amount & { setBy: Limit['setBy'] }

/**
 * What one person may do: the most specific of person, group, workspace and plan that sets the figure. Of several groups
 * the most generous. Only what the operator set may go above the plan. Undefined: not limited.
 */
function allowanceOf(settings: LimitSettings, who: Limited, figure: Figure): Found | undefined {
  const { plan, find } = settings
  const ofWorkspace = find('workspace', who.workspaceId, 'each')
  const planned = figure(plan)
  const raised = ofWorkspace?.abovePlan ? figure(ofWorkspace) : undefined
  const ceiling = raised ?? planned
  const read = (row: OverrideRow | undefined, setBy: Limit['setBy']): Found | undefined => {
    const amount = row && figure(row)
    if (amount === undefined) return undefined
    return { ...(row?.abovePlan ? amount : atMost(amount, ceiling)), setBy }
  }
  const ofGroups = settings.groupsOf(who.userId).flatMap((id) => read(find('group', id, 'each'), 'group') ?? [])
  return (
    read(find('user', who.userId, 'each'), 'user') ??
    ofGroups.reduce<Found | undefined>((most, one) => (most && most.amount >= one.amount ? most : one), undefined) ??
    read(ofWorkspace, 'workspace') ??
    (planned && { ...planned, setBy: 'plan' })
  )
}

function atMost(amount: Amount, ceiling: Amount | undefined): Amount {
  if (ceiling === undefined) return amount
  return { amount: Math.min(amount.amount, ceiling.amount), burst: Math.min(amount.burst, ceiling.burst) }
}
