import { ParleyError } from '@parley/sdk'
import { Button, Callout, Dialog, TextField } from '@parley/ui'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { parley } from '../../parley.ts'
import { useMe } from '../identity/me.ts'
import { explainError } from '../shell/explain-error.ts'
import { parsePairs, splitCommand } from './parse-input.ts'

export function AddServerDialog({ onClose }: { onClose: () => void }) {
  const form = useId()
  const client = useQueryClient()
  const isOwner = useMe()?.workspace.role === 'owner'
  const [transport, setTransport] = useState<'http' | 'stdio'>('http')
  const [name, setName] = useState('')
  const [url, setUrl] = useState('')
  const [headers, setHeaders] = useState('')
  const [command, setCommand] = useState('')
  const [env, setEnv] = useState('')
  const add = useMutation({
    mutationFn: () => {
      if (transport === 'http')
        return parley.mcpServers.create({ transport, name, url, headers: parsePairs(headers, ':') })
      const [program = '', ...args] = splitCommand(command)
      return parley.mcpServers.create({ transport, name, command: program, args, env: parsePairs(env, '=') })
    },
    onSuccess: async () => {
      onClose()
      await client.invalidateQueries({ queryKey: ['mcp-servers'] })
    },
  })
  const fields = add.error instanceof ParleyError ? add.error.fields : {}
  const submit = (event: FormEvent) => {
    event.preventDefault()
    add.mutate()
  }
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title="Add an MCP server"
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} variant="primary" loading={add.isPending}>
            Add server
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} className="flex flex-col gap-5">
        {add.error && (
          <Callout tone="danger" live>
            {explainError(add.error)}
          </Callout>
        )}
        <fieldset>
          <legend className="mb-2 font-medium text-sm">How it is reached</legend>
          <div className="grid gap-2 sm:grid-cols-2">
            {(
              [
                ['http', 'Over HTTP', 'It runs elsewhere and has an address.'],
                ['stdio', 'As a program', 'Parley starts it on this server.'],
              ] as const
            ).map(([value, label, hint]) => (
              <label
                key={value}
                className="flex cursor-pointer gap-3 rounded-md border border-border-strong/60 p-3 text-sm has-checked:border-accent has-checked:bg-accent-soft has-disabled:cursor-not-allowed has-disabled:opacity-60"
              >
                <input
                  type="radio"
                  name="transport"
                  className="mt-0.5 accent-accent"
                  checked={transport === value}
                  disabled={value === 'stdio' && !isOwner}
                  onChange={() => setTransport(value)}
                />
                <span>
                  <span className="block font-medium">{label}</span>
                  <span className="text-text-muted">
                    {value === 'stdio' && !isOwner ? 'Only the owner may add these.' : hint}
                  </span>
                </span>
              </label>
            ))}
          </div>
        </fieldset>
        <TextField
          label="Name"
          hint="Short; its tools are called by it."
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={40}
          required
          error={fields.name}
        />
        {transport === 'http' ? (
          <>
            <TextField
              label="Address"
              type="url"
              placeholder="https://example.com/mcp"
              value={url}
              onChange={(event) => setUrl(event.currentTarget.value)}
              required
              error={fields.url}
            />
            <TextField
              multiline
              rows={2}
              label="Headers (optional)"
              hint="One a line, such as Authorization: Bearer … They are stored encrypted."
              spellCheck={false}
              className="[&_textarea]:font-mono [&_textarea]:text-sm"
              value={headers}
              onChange={(event) => setHeaders(event.currentTarget.value)}
              error={fields.headers}
            />
          </>
        ) : (
          <>
            <Callout tone="warning" title="This runs a program on the server">
              It runs with Parley’s rights there and may read and change what Parley can. Add only programs you trust.
            </Callout>
            <TextField
              label="Command"
              placeholder="npx -y @modelcontextprotocol/server-filesystem /srv/files"
              spellCheck={false}
              className="[&_input]:font-mono [&_input]:text-sm"
              value={command}
              onChange={(event) => setCommand(event.currentTarget.value)}
              required
              error={fields.command}
            />
            <TextField
              multiline
              rows={2}
              label="Environment (optional)"
              hint="One a line, such as API_KEY=… They are stored encrypted."
              spellCheck={false}
              className="[&_textarea]:font-mono [&_textarea]:text-sm"
              value={env}
              onChange={(event) => setEnv(event.currentTarget.value)}
              error={fields.env}
            />
          </>
        )}
      </form>
    </Dialog>
  )
}
