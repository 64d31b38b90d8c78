import { EventSchemas } from '@ag-ui/core/schemas'
import type { RunEvent } from '@parley/contract'
import type { Caller } from './start-server.ts'

export interface Frame {
  /** Number in the run log; null for a snapshot. */
  id: number | null
  event: RunEvent
}

/**
 * Reads a run's events from `after` on, each of which has to be AG-UI's, until the run ends, the connection breaks, or `stopAfter` of them
 * arrived.
 */
export async function readEvents(
  caller: Caller,
  runId: string,
  after = 0,
  stopAfter = Number.POSITIVE_INFINITY,
  onOpen = () => {},
): Promise<{ frames: Frame[]; broken: boolean }> {
  const frames: Frame[] = []
  const left = new AbortController()
  let text = ''
  try {
    const response = await caller.fetch(`/api/v1/runs/${runId}/events`, {
      headers: { 'last-event-id': String(after) },
      signal: left.signal,
    })
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`)
    onOpen()
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        const block = text.slice(0, end)
        text = text.slice(end + 2)
        const data = /^data: (.*)$/m.exec(block)?.[1]
        if (data === undefined) continue
        const id = /^id: (\d+)$/m.exec(block)?.[1]
        const event: RunEvent = JSON.parse(data)
        EventSchemas.parse(event)
        frames.push({ id: id === undefined ? null : Number(id), event })
        if (frames.length < stopAfter) continue
        left.abort()
        return { frames, broken: false }
      }
    }
    return { frames, broken: false }
  } catch (error) {
    // Only a lost connection is for the caller to go on from.
    if (!(error instanceof TypeError)) throw error
    return { frames, broken: true }
  }
}
