import type { Level } from '@parley/contract'
import type { Ctx, Platform } from '../../platform/context.ts'
import { AppError } from '../../platform/errors.ts'
import { systemCtx } from '../identity/index.ts'
import { rankOf, requireAccess } from '../sharing/index.ts'
import { type FoundRun, findRun, type RunRow } from './store.ts'

/**
 * A run in a conversation that the actor may see, whoever asked for it: who may see a conversation may see its runs, who
 * may use it may stop them and answer what they ask.
 * @throws AppError not_found, forbidden
 */
export async function openRun(ctx: Ctx, id: string, least: Level = 'view'): Promise<FoundRun> {
  return requireAccess(await findRun(ctx, id), 'run', least)
}

/** Whether the person a run acts for may still write in its conversation. */
export async function mayStillRun(
  platform: Platform,
  run: Pick<RunRow, 'id' | 'workspaceId' | 'userId'>,
): Promise<boolean> {
  try {
    const ctx = await systemCtx(platform, run, 'check-access')
    await openRun(ctx, run.id, 'use')
    return ctx.actor.scopes.has('conversations:write')
  } catch (error) {
    if (error instanceof AppError && (error.code === 'not_found' || error.code === 'forbidden')) return false
    throw error
  }
}

/** Whether a choice made with a message becomes the conversation's. */
export function mayEdit({ rank }: { rank: number | null }): boolean {
  return rank !== null && rank >= rankOf('edit')
}
