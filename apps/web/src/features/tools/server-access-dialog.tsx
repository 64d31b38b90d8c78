import type { Audience, Level, McpServer, Subject } from '@parley/contract'
import { Button, Callout, Dialog, Skeleton } from '@parley/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { parley } from '../../parley.ts'
import { GrantList, type LevelChoice } from '../sharing/grant-list.tsx'
import { SubjectPicker } from '../sharing/subject-picker.tsx'
import { explainError } from '../shell/explain-error.ts'

const serverLevels: readonly LevelChoice[] = [
  { level: 'use', label: 'Can use' },
  { level: 'view', label: 'Can see' },
]

const audiences: { value: Audience; label: string; hint: string }[] = [
  { value: 'everyone', label: 'Everyone in the workspace', hint: 'Whose role lets them use tools.' },
  {
    value: 'chosen',
    label: 'Only chosen people and groups',
    hint: 'For others it is not there. Who manages tools always may.',
  },
]

/** Says who may use an MCP server. */
export function ServerAccessDialog({ server, onClose }: { server: McpServer; onClose: () => void }) {
  const { id, name, audience } = server
  const client = useQueryClient()
  const queryKey = ['grants', id]
  const grants = useQuery({
    queryKey,
    queryFn: ({ signal }) => parley.mcpServers.grants(id, { limit: 200 }, { signal }),
  })
  const settle = () =>
    Promise.all([queryKey, ['mcp-servers']].map((key) => client.invalidateQueries({ queryKey: key })))
  const choose = useMutation({
    mutationFn: (next: Audience) => parley.mcpServers.setAudience(id, next),
    onSettled: settle,
  })
  const share = useMutation({
    mutationFn: (body: { subject: Subject; level: Level }) => parley.mcpServers.share(id, body),
    onSettled: settle,
  })
  const remove = useMutation({
    mutationFn: (grantId: string) => parley.mcpServers.unshare(id, grantId),
    onSettled: settle,
  })
  const rows = grants.data?.data ?? []
  const shown = choose.isPending ? choose.variables : audience
  const error = choose.error ?? share.error ?? remove.error
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`Who may use ${name}`}
      actions={
        <Button variant="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      {error && (
        <Callout tone="danger" live>
          {explainError(error)}
        </Callout>
      )}
      <fieldset className="flex flex-col gap-3">
        <legend className="sr-only">Who may use it</legend>
        {audiences.map(({ value, label, hint }) => (
          <label key={value} className="flex cursor-pointer items-start gap-2.5 text-sm">
            <input
              type="radio"
              name="audience"
              className="mt-0.5 size-4 accent-accent"
              checked={shown === value}
              onChange={() => choose.mutate(value)}
            />
            <span>
              {label}
              <span className="block text-text-muted text-xs">{hint}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {shown === 'chosen' && (
        <>
          <SubjectPicker
            label="Add people and groups"
            placeholder="Name or email"
            without={new Set(rows.flatMap(({ subject }) => (subject.kind === 'workspace' ? [] : [subject.id])))}
            onPick={(subject) => share.mutate({ subject: { kind: subject.kind, id: subject.id }, level: 'use' })}
          />
          {grants.isPending && <Skeleton lines={3} />}
          {grants.data && rows.length === 0 && (
            <p className="rounded-md bg-surface px-4 py-3 text-sm text-text-muted">
              Nobody is chosen yet: only who manages tools may use it.
            </p>
          )}
          {rows.length > 0 && (
            <GrantList
              grants={rows}
              choices={serverLevels}
              mayManage
              myId={undefined}
              onLevel={(grant, level) => share.mutate({ subject: grant.subject, level })}
              onRemove={(grant) => remove.mutate(grant.id)}
            />
          )}
        </>
      )}
    </Dialog>
  )
}
