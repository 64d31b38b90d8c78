import { Callout, Skeleton } from '@parley/ui'
import { useQuery } from '@tanstack/react-query'
import { useId } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'

/** The MCP servers that the person may see. */
export function useServers() {
  return useQuery({
    queryKey: ['mcp-servers'],
    queryFn: ({ signal }) => parley.mcpServers.list({ limit: 200 }, { signal }),
    select: (page) => page.data,
  })
}

/** Which tools a preset offers: all (null), or those of chosen MCP servers, of which there may be none. */
export function ServerChoice({
  value,
  onChange,
}: {
  value: string[] | null
  onChange: (serverIds: string[] | null) => void
}) {
  const name = useId()
  const servers = useServers()
  const toggle = (id: string) =>
    onChange(value?.includes(id) ? value.filter((other) => other !== id) : [...(value ?? []), id])
  return (
    <fieldset className="flex flex-col gap-2 text-sm">
      <legend className="mb-1.5 font-medium">Tools</legend>
      <label className="flex cursor-pointer items-center gap-2.5">
        <input
          type="radio"
          name={name}
          className="size-4 accent-accent"
          checked={value === null}
          onChange={() => onChange(null)}
        />
        All that whoever chats may use
      </label>
      <label className="flex cursor-pointer items-center gap-2.5">
        <input
          type="radio"
          name={name}
          className="size-4 accent-accent"
          checked={value !== null}
          onChange={() => onChange([])}
        />
        Only those of chosen MCP servers
      </label>
      {value !== null && (
        <div className="ms-6.5 flex max-h-48 flex-col gap-2 overflow-y-auto rounded-md border border-border p-3">
          {servers.isPending && <Skeleton lines={2} />}
          {servers.error && <Callout tone="danger">{explainError(servers.error)}</Callout>}
          {servers.data?.length === 0 && <p className="text-text-muted">There are no MCP servers here.</p>}
          {servers.data?.map((server) => (
            <label key={server.id} className="flex cursor-pointer items-center gap-2.5">
              <input
                type="checkbox"
                className="size-4 accent-accent"
                checked={value.includes(server.id)}
                onChange={() => toggle(server.id)}
              />
              <span className="min-w-0 truncate">{server.name}</span>
            </label>
          ))}
          {value.length === 0 && <p className="text-text-muted text-xs">With none chosen, no tools are offered.</p>}
        </div>
      )}
    </fieldset>
  )
}
