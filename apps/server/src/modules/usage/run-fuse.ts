import type { Ctx } from '../../platform/context.ts'
import { AppError } from '../../platform/errors.ts'
import { rulesOf } from './rules.ts'

/** What a reply has taken so far. */
export interface RunProgress {
  steps: number
  toolCalls: number
  /** Null where the price is not known: then cost ends nothing. */
  costMicroUsd: number | null
}

/** What ends a run that goes on for too long. */
export interface RunFuse {
  maxMs: number
  /** What the reply may still cost; null: what it costs is not known. */
  costLeft(progress: RunProgress): number | null
  /** Before a step. @throws AppError run_limit that says which limit was reached */
  requireMore(progress: RunProgress): void
  /** Before the tool calls that a step asked for. @throws AppError run_limit */
  requireCalls(progress: RunProgress): void
  /** Why a run that took longer than `maxMs` ends. */
  tookTooLong(): AppError
}

/** The fuse of the actor's workspace. */
export async function runFuse(ctx: Ctx): Promise<RunFuse> {
  const { fuse } = await rulesOf(ctx)
  const { maxSteps, maxToolCalls, maxCostMicroUsd, maxMs } = fuse
  return {
    maxMs,
    costLeft: ({ costMicroUsd }) => (costMicroUsd === null ? null : Math.max(0, maxCostMicroUsd - costMicroUsd)),
    requireCalls({ toolCalls }) {
      if (toolCalls > maxToolCalls)
        throw limit(`The reply took more than ${maxToolCalls} tool calls, which is the limit.`)
    },
    requireMore({ steps, costMicroUsd }) {
      if (steps >= maxSteps) throw limit(`The reply took more than ${maxSteps} steps, which is the limit.`)
      if (costMicroUsd !== null && costMicroUsd >= maxCostMicroUsd) {
        throw limit(
          `The reply cost $${(costMicroUsd / 1e6).toFixed(2)}, and the limit is $${(maxCostMicroUsd / 1e6).toFixed(2)}.`,
        )
      }
    },
    tookTooLong() {
      const duration = maxMs < 120_000 ? `${Math.round(maxMs / 1000)} seconds` : `${Math.round(maxMs / 60_000)} minutes`
      return new AppError(
        'run_limit',
        `The reply took longer than ${duration}, which is the limit. Ask for less at once, or try again.`,
      )
    },
  }
}

function limit(which: string): AppError {
  return new AppError('run_limit', `${which} Say how to go on, or ask for less at once.`)
}
