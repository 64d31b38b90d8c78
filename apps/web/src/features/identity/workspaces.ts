import { queryOptions } from '@tanstack/react-query'
import { parley } from '../../parley.ts'

/** The workspaces of the signed-in person. */
export const listWorkspaces = queryOptions({
  queryKey: ['workspaces'],
  queryFn: ({ signal }) => parley.workspaces.list({ signal }),
  staleTime: 5 * 60_000,
})

const channel = new BroadcastChannel('parley.workspace')
channel.onmessage = () => window.location.assign('/')

/** The session is in another workspace now: nothing of the former one stays in memory, in no window. */
export function startAnew(): void {
  channel.postMessage('changed')
  window.location.assign('/')
}

export async function switchWorkspace(id: string): Promise<void> {
  await parley.workspaces.switch(id)
  startAnew()
}
