import type { LimitOverride, LimitState, LimitSubjectKind } from '@parley/contract'
import { queryOptions } from '@tanstack/react-query'
import { parley } from '../../../parley.ts'
import { formatCount } from '../../shell/format.ts'

/** Bars move while someone looks at them. */
const lookAgainMs = 5_000

export const getMyLimits = queryOptions({
  queryKey: ['limits', 'mine'],
  queryFn: ({ signal }) => parley.limits.get({ signal }),
  refetchInterval: lookAgainMs,
})

export const listPlans = queryOptions({
  queryKey: ['limits', 'plans'],
  queryFn: ({ signal }) => parley.limits.plans({ signal }),
})

/** The workspace's own; of all workspaces for whoever runs the installation. */
export const listWorkspacePlans = queryOptions({
  queryKey: ['limits', 'workspaces'],
  queryFn: ({ signal }) => parley.limits.workspacePlans({ signal }),
})

export const listOverrides = queryOptions({
  queryKey: ['limits', 'overrides'],
  queryFn: ({ signal }) => parley.limits.overrides({ signal }),
  refetchInterval: lookAgainMs,
})

export const kinds: Record<LimitSubjectKind, string> = {
  workspace: 'The workspace',
  group: 'A group',
  user: 'A person',
  key: 'An API key',
  model: 'A model',
}

/** `Each person of the workspace`, `All of Sales together`, `Ada Lovelace`: whose figures they are. */
export function whose({ subject, counted }: LimitOverride): string {
  const name = subject.name ?? 'something that is gone'
  switch (subject.kind) {
    case 'workspace':
      return counted === 'each' ? 'Each person of the workspace' : 'The whole workspace together'
    case 'group':
      return counted === 'each' ? `Each member of ${name}` : `All of ${name} together`
    case 'user':
      return name
    case 'key':
      return `The API key ${name}`
    case 'model':
      return counted === 'each' ? `Each person with ${subject.id}` : `Everyone together with ${subject.id}`
  }
}

/** `100 messages an hour, 20 at once · 1,000,000 tokens a day`. */
export function figures(set: {
  requestsPerHour: number | null
  requestBurst: number | null
  tokensPerDay: number | null
}): string {
  const { requestsPerHour, requestBurst, tokensPerDay } = set
  const atOnce =
    requestBurst === null || requestBurst === requestsPerHour ? '' : `, ${formatCount(requestBurst)} at once`
  const parts = [
    ...(requestsPerHour === null ? [] : [`${formatCount(requestsPerHour)} messages an hour${atOnce}`]),
    ...(tokensPerDay === null ? [] : [`${formatCount(tokensPerDay)} tokens a day`]),
  ]
  return parts.join(' · ') || 'Not limited'
}

/** How long `windowSeconds` is: `hour`, `minute`, `30 minutes`. */
export function windowInWords({ windowSeconds }: LimitState): string {
  if (windowSeconds % 3600 === 0) return windowSeconds === 3600 ? 'hour' : `${windowSeconds / 3600} hours`
  const minutes = Math.max(1, Math.round(windowSeconds / 60))
  return minutes === 1 ? 'minute' : `${minutes} minutes`
}
