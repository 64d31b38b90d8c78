import type { McpServer, Tool, ToolPolicy } from '@parley/contract'
import {
  Badge,
  type BadgeTone,
  Button,
  Callout,
  ConfirmDialog,
  EmptyState,
  IconButton,
  Menu,
  MenuItem,
  Skeleton,
  useToast,
} from '@parley/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ChevronRight, Ellipsis, Plug, Plus, Power, RefreshCw, Terminal, Trash2, UsersRound } from 'lucide-react'
import { useState } from 'react'
import { parley } from '../../parley.ts'
import { useMay } from '../identity/me.ts'
import { explainError } from '../shell/explain-error.ts'
import { Panel, SettingsHead } from '../shell/settings-page.tsx'
import { useTitle } from '../shell/use-title.ts'
import { AddServerDialog } from './add-server-dialog.tsx'
import { ServerAccessDialog } from './server-access-dialog.tsx'

const queryKey = ['mcp-servers']

export function McpServersPage() {
  useTitle('MCP servers')
  const mayManage = useMay('tools:manage')
  const [adding, setAdding] = useState(false)
  const servers = useQuery({
    queryKey,
    queryFn: ({ signal }) => parley.mcpServers.list({ limit: 200 }, { signal }),
    // A server that is on its way says so soon.
    refetchInterval: (query) => (query.state.data?.data.some(({ state }) => state === 'connecting') ? 1000 : false),
  })
  const rows = servers.data?.data ?? []
  return (
    <>
      <SettingsHead
        title="MCP servers"
        action={
          mayManage && (
            <Button variant="primary" onClick={() => setAdding(true)}>
              <Plus aria-hidden="true" /> Add server
            </Button>
          )
        }
      >
        The tools that models may use here. What is not plainly read-only asks you first, unless you decide otherwise.
      </SettingsHead>
      {servers.isPending && <Skeleton />}
      {servers.error && <Callout tone="danger">{explainError(servers.error)}</Callout>}
      {servers.data && rows.length === 0 && (
        <EmptyState icon={<Plug />} title="No servers yet">
          Add one here, or declare it in <code>parley.json</code>.
        </EmptyState>
      )}
      <div className="flex flex-col gap-4">
        {rows.map((server) => (
          <ServerPanel key={server.id} server={server} mayManage={mayManage} />
        ))}
      </div>
      {adding && <AddServerDialog onClose={() => setAdding(false)} />}
    </>
  )
}

const states: Record<McpServer['state'], { label: string; tone: BadgeTone }> = {
  off: { label: 'Off', tone: 'neutral' },
  connecting: { label: 'Connecting…', tone: 'accent' },
  ready: { label: 'Ready', tone: 'success' },
  degraded: { label: 'Degraded', tone: 'danger' },
}

function ServerPanel({ server, mayManage }: { server: McpServer; mayManage: boolean }) {
  const client = useQueryClient()
  const toast = useToast()
  const [open, setOpen] = useState(false)
  const [removing, setRemoving] = useState(false)
  const [sharing, setSharing] = useState(false)
  const { id, name, transport, command, args, url, state, detail, toolCount, source, enabled, serverInfo } = server
  const act = useMutation({
    mutationFn: async (action: 'reconnect' | 'switch' | 'remove') => {
      if (action === 'reconnect') await parley.mcpServers.reconnect(id)
      else if (action === 'switch') await parley.mcpServers.update(id, { enabled: !enabled })
      else await parley.mcpServers.delete(id)
    },
    onError: (error) => toast({ message: explainError(error), tone: 'danger' }),
    onSettled: () =>
      Promise.all([client.invalidateQueries({ queryKey }), client.invalidateQueries({ queryKey: ['tools', id] })]),
  })
  const { label, tone } = states[state]
  const Icon = transport === 'stdio' ? Terminal : Plug
  return (
    <Panel>
      <div className="flex flex-wrap items-start gap-x-4 gap-y-2 px-5 py-4">
        <span
          aria-hidden="true"
          className="grid size-10 shrink-0 place-items-center rounded-md bg-accent-soft text-accent [&_svg]:size-5"
        >
          <Icon />
        </span>
        <div className="min-w-40 flex-1">
          <h2 className="flex flex-wrap items-center gap-2 font-medium">
            {name}
            {source === 'file' && <Badge>parley.json</Badge>}
            {server.audience === 'chosen' && (
              <Badge tone="accent">{server.usable ? 'chosen people' : 'see only'}</Badge>
            )}
          </h2>
          <p className="break-all font-mono text-text-muted text-xs leading-relaxed">
            {transport === 'stdio' ? [command, ...(args ?? [])].join(' ') : url}
          </p>
          {detail && <p className="mt-1 text-danger text-sm">{detail}</p>}
          {serverInfo && state === 'ready' && (
            <p className="mt-1 text-text-muted text-xs">
              {serverInfo.name} {serverInfo.version}
              {serverInfo.protocolVersion && ` · MCP ${serverInfo.protocolVersion}`}
            </p>
          )}
        </div>
        <div className="flex items-center gap-2">
          <Badge tone={tone}>{label}</Badge>
          {mayManage && (
            <Menu
              align="end"
              trigger={
                <IconButton label={`More for ${name}`} size="small" tooltip={false}>
                  <Ellipsis />
                </IconButton>
              }
            >
              <MenuItem icon={<RefreshCw />} onSelect={() => act.mutate('reconnect')}>
                Reconnect
              </MenuItem>
              <MenuItem icon={<UsersRound />} onSelect={() => setSharing(true)}>
                Who may use it
              </MenuItem>
              {source === 'workspace' && (
                <>
                  <MenuItem icon={<Power />} onSelect={() => act.mutate('switch')}>
                    {enabled ? 'Switch off' : 'Switch on'}
                  </MenuItem>
                  <MenuItem icon={<Trash2 />} danger onSelect={() => setRemoving(true)}>
                    Remove
                  </MenuItem>
                </>
              )}
            </Menu>
          )}
        </div>
      </div>
      {toolCount > 0 && (
        <>
          <button
            type="button"
            aria-expanded={open}
            onClick={() => setOpen(!open)}
            className="-outline-offset-2 flex w-full cursor-pointer items-center gap-2 border-border border-t px-5 py-2.5 text-start text-sm text-text-muted hover:bg-surface hover:text-text"
          >
            <ChevronRight aria-hidden="true" className={open ? 'size-4 rotate-90' : 'size-4 rtl:rotate-180'} />
            {toolCount} {toolCount === 1 ? 'tool' : 'tools'}
            <span className="sr-only"> of {name}</span>
          </button>
          {open && <ToolList server={server} mayManage={mayManage} />}
        </>
      )}
      {sharing && <ServerAccessDialog server={server} onClose={() => setSharing(false)} />}
      <ConfirmDialog
        open={removing}
        onOpenChange={setRemoving}
        title={`Remove ${name}?`}
        description="Models lose its tools at once, and its secrets are forgotten."
        confirmLabel="Remove server"
        danger
        onConfirm={async () => {
          await act.mutateAsync('remove').catch(() => undefined)
        }}
      />
    </Panel>
  )
}

function ToolList({ server, mayManage }: { server: McpServer; mayManage: boolean }) {
  const tools = useQuery({
    queryKey: ['tools', server.id],
    queryFn: ({ signal }) => parley.mcpServers.tools(server.id, { limit: 200 }, { signal }),
  })
  if (tools.isPending) return <Skeleton className="px-5 pb-5" />
  if (tools.error) return <p className="px-5 pb-4 text-danger text-sm">{explainError(tools.error)}</p>
  return (
    <div className="border-border border-t">
      {tools.data.data.length > 0 && (
        <p className="px-5 pt-3 text-text-muted text-xs">
          “Allow” runs a tool unasked. One that may change things still asks once the model has read what a tool or a
          file says, as that may have led it there; “Allow, whatever was read” does not.
        </p>
      )}
      <ul className="divide-y divide-border">
        {tools.data.data.map((tool) => (
          <ToolRow key={tool.name} tool={tool} mayManage={mayManage} />
        ))}
      </ul>
    </div>
  )
}

const policies: { value: ToolPolicy; label: string }[] = [
  { value: 'always', label: 'Allow, whatever was read' },
  { value: 'allow', label: 'Allow' },
  { value: 'ask', label: 'Ask first' },
  { value: 'deny', label: 'Never' },
]

function ToolRow({ tool, mayManage }: { tool: Tool; mayManage: boolean }) {
  const client = useQueryClient()
  const toast = useToast()
  const choose = useMutation({
    mutationFn: (policy: ToolPolicy | 'default') => parley.mcpServers.setToolPolicy(tool.serverId, tool.tool, policy),
    onError: (error) => toast({ message: explainError(error), tone: 'danger' }),
    onSettled: () => client.invalidateQueries({ queryKey: ['tools', tool.serverId] }),
  })
  const value = choose.isPending && choose.variables !== 'default' ? choose.variables : tool.policy
  return (
    <li className="flex flex-wrap items-start gap-x-4 gap-y-2 px-5 py-3">
      <div className="min-w-48 flex-1">
        <p className="flex flex-wrap items-center gap-2 font-medium text-sm">
          {tool.title}
          {tool.readOnly && <Badge>reads only</Badge>}
          {tool.destructive && <Badge tone="warning">may delete</Badge>}
        </p>
        <p className="line-clamp-2 text-sm text-text-muted">{tool.description}</p>
      </div>
      <div className="flex flex-col items-end gap-1">
        <select
          aria-label={`When a model wants to use ${tool.title}`}
          disabled={!mayManage}
          value={value}
          onChange={(event) => choose.mutate(event.currentTarget.value as ToolPolicy)}
          className="h-8 cursor-pointer rounded-sm border border-border-strong bg-raised px-2 text-sm"
        >
          {policies.map((policy) => (
            <option key={policy.value} value={policy.value}>
              {policy.label}
            </option>
          ))}
        </select>
        {tool.policySource === 'chosen' && mayManage && (
          <button
            type="button"
            onClick={() => choose.mutate('default')}
            className="cursor-pointer text-text-muted text-xs underline underline-offset-2 hover:text-text"
          >
            Back to the default<span className="sr-only"> for {tool.title}</span>
          </button>
        )}
      </div>
    </li>
  )
}
