import { ParleyError } from '@parley/sdk'
import { Button, Callout, EmptyState, Skeleton, TextField, useToast } from '@parley/ui'
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { Panel, SettingsHead } from '../shell/settings-page.tsx'
import { useTitle } from '../shell/use-title.ts'

const readOutbound = queryOptions({
  queryKey: ['outbound'],
  queryFn: ({ signal }) => parley.outbound.get({ signal }),
})

/** Which hosts the models and MCP servers of the workspace may be at. */
export function OutboundPage() {
  useTitle('Outgoing requests')
  const { data, error } = useQuery(readOutbound)
  return (
    <>
      <SettingsHead title="Outgoing requests">
        Where the models and MCP servers that this workspace adds may be. Addresses inside the network of this server
        are out of reach in any case, unless its operator opened them.
      </SettingsHead>
      {error ? (
        <EmptyState title="This could not be loaded">{explainError(error)}</EmptyState>
      ) : data ? (
        <HostsForm key={data.hosts.join()} hosts={data.hosts} />
      ) : (
        <Skeleton lines={6} />
      )}
    </>
  )
}

function HostsForm({ hosts }: { hosts: string[] }) {
  const client = useQueryClient()
  const toast = useToast()
  const [text, setText] = useState(hosts.join('\n'))
  const save = useMutation({
    mutationFn: () => parley.outbound.set(text.split(/[\s,]+/).filter((host) => host !== '')),
    onSuccess: async (saved) => {
      client.setQueryData(readOutbound.queryKey, saved)
      toast({ message: 'Saved.', tone: 'success' })
      await client.invalidateQueries({ queryKey: ['mcp-servers'] })
    },
  })
  const fields = save.error instanceof ParleyError ? save.error.fields : {}
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate()
  }
  return (
    <Panel className="p-5">
      <form onSubmit={submit} className="flex flex-col gap-5">
        {save.error && fields.hosts === undefined && (
          <Callout tone="danger" live>
            {explainError(save.error)}
          </Callout>
        )}
        <TextField
          multiline
          rows={8}
          label="Allowed hosts"
          hint="One a line, such as api.openai.com, *.example.com or mcp.example.com:8443. Empty: any public host."
          placeholder="api.openai.com"
          spellCheck={false}
          autoCapitalize="off"
          className="[&_textarea]:font-mono [&_textarea]:text-sm"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          error={fields.hosts}
        />
        <p className="text-sm text-text-muted">
          A change holds at once: connections to hosts that are not on the list end. What the operator of this server
          set up is not limited by it, nor are identity providers.
        </p>
        <Button type="submit" className="self-start" loading={save.isPending}>
          Save
        </Button>
      </form>
    </Panel>
  )
}
