import type { PlanSource } from '@parley/contract'
import { type Platform, perServer } from '../../../platform/context.ts'
import { accessChannel, listMembersOf } from '../../identity/index.ts'
import { operatorWorkspaceId } from './operator.ts'
import {
  findWorkspacePlan,
  listOverrides,
  listPlans,
  type OverrideRow,
  type PlanClaims,
  type PlanRow,
} from './store.ts'

/** What is set for a workspace. */
export interface LimitSettings {
  plan: PlanRow
  find(kind: OverrideRow['subjectKind'], id: string, counted: OverrideRow['counted']): OverrideRow | undefined
  /** Of the groups that have limits, those the person is in. */
  groupsOf(userId: string): readonly string[]
}

const keptMs = 10_000
const channel = 'usage:limits-changed'
/** The plan of the operator's own workspace, until it is given another. */
const operatorPlan = 'enterprise'

const none: readonly string[] = []

interface Entry {
  settings: LimitSettings
  until: number
}

/**
 * The settings of workspaces, remembered for ten seconds, so that a request costs no query; what changes is forgotten at
 * once here, and elsewhere when the bus tells it. While old ones are read anew, requests go on with them.
 */
class SettingsCache {
  readonly #entries = new Map<string, Entry>()
  readonly #loading = new Map<string, Promise<LimitSettings>>()
  readonly #platform: Platform
  #changes = 0

  constructor(platform: Platform) {
    this.#platform = platform
  }

  get(workspaceId: string): LimitSettings | Promise<LimitSettings> {
    const known = this.#entries.get(workspaceId)
    const now = this.#platform.clock.now().getTime()
    if (known !== undefined && known.until > now) return known.settings
    const loading = this.#loading.get(workspaceId) ?? this.#load(workspaceId)
    if (known === undefined) return loading
    loading.catch((error) => this.#platform.log.warn({ err: error }, 'The limits could not be read anew.'))
    return known.settings
  }

  forget(workspaceId: string | undefined): void {
    this.#changes++
    this.#loading.clear()
    if (workspaceId === undefined) this.#entries.clear()
    else this.#entries.delete(workspaceId)
  }

  #load(workspaceId: string): Promise<LimitSettings> {
    const changesBefore = this.#changes
    const loading = readSettings(this.#platform, workspaceId)
      .then((settings) => {
        // What changed while the queries ran may have been read before; then it is not kept.
        if (this.#changes === changesBefore) {
          this.#entries.set(workspaceId, { settings, until: this.#platform.clock.now().getTime() + keptMs })
        }
        return settings
      })
      .finally(() => {
        if (this.#loading.get(workspaceId) === loading) this.#loading.delete(workspaceId)
      })
    this.#loading.set(workspaceId, loading)
    return loading
  }
}

const cache = perServer((platform) => {
  const made = new SettingsCache(platform)
  for (const each of [channel, accessChannel]) {
    platform.bus.subscribe(each, (message) => made.forget((message as { workspaceId?: string }).workspaceId))
  }
  return made
})

/** What is set for a workspace; from memory, as a rule. */
export function limitSettings(platform: Platform, workspaceId: string): LimitSettings | Promise<LimitSettings> {
  return cache(platform).get(workspaceId)
}

/** Tells every process that limits changed, of one workspace or (a plan) of all; once the change is committed. */
export function announceLimits(platform: Platform, workspaceId?: string): void {
  cache(platform) // whoever changes limits first also has to hear of it
  platform.bus.publish(channel, { workspaceId })
}

async function readSettings(platform: Platform, workspaceId: string): Promise<LimitSettings> {
  const [plan, overrides] = await Promise.all([planOf(platform, workspaceId), listOverrides(platform.db, workspaceId)])
  const byKey = new Map(overrides.map((row) => [`${row.counted} ${row.subjectKind} ${row.subjectId}`, row]))
  const groupIds = [...new Set(overrides.filter((row) => row.subjectKind === 'group').map((row) => row.subjectId))]
  const members = groupIds.length === 0 ? [] : await listMembersOf(platform.db, workspaceId, groupIds)
  const groups = Map.groupBy(members, ({ userId }) => userId)
  return {
    plan,
    find: (kind, id, counted) => byKey.get(`${counted} ${kind} ${id}`),
    groupsOf: (userId) => groups.get(userId)?.map(({ groupId }) => groupId) ?? none,
  }
}

/** The plan that counts for a workspace. */
export async function planOf(platform: Platform, workspaceId: string): Promise<PlanRow> {
  return (await standingOf(platform, workspaceId)).plan
}

/** The plan that counts for a workspace, and who decided it. */
export async function standingOf(
  platform: Platform,
  workspaceId: string,
): Promise<{ plan: PlanRow; source: PlanSource; subscribedPlanId: string | null }> {
  const [claims, own, plans] = await Promise.all([
    findWorkspacePlan(platform.db, workspaceId),
    operatorWorkspaceId(platform),
    listPlans(platform.db),
  ])
  const { planId, source } = decidePlan(platform, claims, workspaceId === own)
  const plan = plans.find((one) => one.id === planId)
  if (plan === undefined) throw new Error(`there is no plan ${planId}`)
  return { plan, source, subscribedPlanId: claims.subscribedPlanId }
}

/**
 * Which of several plans counts: the one that the operator gave, else the one that is paid for, else `enterprise` for the
 * operator's own workspace and PARLEY_DEFAULT_PLAN for any other.
 */
export function decidePlan(
  { config }: Platform,
  { planId, subscribedPlanId }: PlanClaims,
  isOperators: boolean,
): { planId: string; source: PlanSource } {
  if (planId !== null) return { planId, source: 'operator' }
  if (subscribedPlanId !== null) return { planId: subscribedPlanId, source: 'subscription' }
  return { planId: isOperators ? operatorPlan : config.usage.defaultPlan, source: 'default' }
}
