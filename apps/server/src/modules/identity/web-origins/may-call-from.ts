import { type Platform, perServer, whenCommitted } from '../../../platform/context.ts'
import type { MayCallFrom } from '../../../platform/http/index.ts'
import { hasWebOrigin } from './store.ts'

/** A replica that the bus does not reach sees a change after this long at the latest. */
const keptMs = 5_000
const keptAnswers = 5_000
const channel = 'changed:web-origins'

/** What was asked lately. Whoever asks may make origins up, so that only the latest are kept. */
const memory = perServer(({ bus }) => {
  const answers = new Map<string, { value: Promise<boolean>; until: number }>()
  bus.subscribe(channel, () => answers.clear())
  return answers
})

/** Whether pages of this origin may call the API of the workspace; without a workspace, of any. */
export const mayCallFrom: MayCallFrom = async (platform, origin, workspaceId) => {
  const answers = memory(platform)
  const key = `${workspaceId ?? ''} ${origin}`
  const now = performance.now()
  const known = answers.get(key)
  if (known && known.until > now) return known.value
  const answer = { value: hasWebOrigin(platform.db, origin, workspaceId), until: now + keptMs }
  answers.delete(key) // back in at the end: the first are those asked longest ago
  answers.set(key, answer)
  for (const oldest of answers.keys()) {
    if (answers.size <= keptAnswers) break
    answers.delete(oldest)
  }
  try {
    return await answer.value
  } catch (error) {
    if (answers.get(key) === answer) answers.delete(key)
    throw error
  }
}

/** A list was changed, in the transaction of `ctx`: every process asks anew. */
export function webOriginsChanged(ctx: Platform): void {
  whenCommitted(ctx, () => ctx.bus.publish(channel, null))
}
