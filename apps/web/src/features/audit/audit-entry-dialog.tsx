import type { AuditEntry } from '@parley/contract'
import { Badge, Button, Dialog } from '@parley/ui'
import type { ReactNode } from 'react'
import { type AuditFilters, actorOf, subjectOf } from './list-audit.ts'

/** All that an entry says. */
export function AuditEntryDialog({
  entry,
  onClose,
  onNarrow,
}: {
  entry: AuditEntry
  onClose: () => void
  onNarrow: (change: Partial<AuditFilters>) => void
}) {
  const { actorId, subjectId } = entry
  const subject = subjectOf(entry) || entry.subjectKind
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={entry.title}
      size="large"
      actions={
        <>
          {actorId && (
            <Button onClick={() => onNarrow({ actor: { id: actorId, name: actorOf(entry) } })}>
              All by {actorOf(entry)}
            </Button>
          )}
          {subjectId && (
            <Button onClick={() => onNarrow({ subject: { id: subjectId, name: subject } })}>All about {subject}</Button>
          )}
        </>
      }
    >
      <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2 text-sm">
        <Fact name="When">
          <time dateTime={entry.at}>{new Date(entry.at).toLocaleString()}</time>
        </Fact>
        <Fact name="Who">
          {actorOf(entry)}
          {entry.actorEmail && ` (${entry.actorEmail})`}
        </Fact>
        <Fact name="With">
          {credentials[entry.actorKind]}
          {entry.credentialName && ` ${entry.credentialName}`}
          {entry.credentialId && <Code>{entry.credentialId}</Code>}
        </Fact>
        <Fact name="On">
          {subject}
          {subjectId && <Code>{subjectId}</Code>}
        </Fact>
        <Fact name="Outcome">
          {entry.outcome === 'done' ? <Badge tone="success">Done</Badge> : <Badge tone="warning">Refused</Badge>}
        </Fact>
        {entry.address && <Fact name="Address">{entry.address}</Fact>}
        {entry.userAgent && <Fact name="Program">{entry.userAgent}</Fact>}
        {entry.requestId && (
          <Fact name="Request">
            <Code>{entry.requestId}</Code>
          </Fact>
        )}
      </dl>
      <Changes before={entry.before} after={entry.after} />
      <details className="text-sm">
        <summary className="text-text-muted">Place in the chain</summary>
        <dl className="mt-3 grid grid-cols-[auto_1fr] gap-x-6 gap-y-2">
          <Fact name="Number">{entry.sequence}</Fact>
          <Fact name="Action">
            <Code>{entry.action}</Code>
          </Fact>
          <Fact name="Before it">
            <Code>{entry.previousHash}</Code>
          </Fact>
          <Fact name="Hash">
            <Code>{entry.hash}</Code>
          </Fact>
        </dl>
      </details>
    </Dialog>
  )
}

const credentials: Record<AuditEntry['actorKind'], string> = {
  session: 'a session',
  'api-key': 'an API key',
  system: 'no request',
  directory: 'a provisioning token',
  command: 'a command on the server',
  anonymous: 'no credential',
}

function Changes({ before, after }: Pick<AuditEntry, 'before' | 'after'>) {
  const fields = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])]
  if (fields.length === 0) return null
  return (
    <div className="overflow-x-auto rounded-md border border-border">
      <table className="w-full text-start text-sm">
        <thead>
          <tr className="bg-sunken text-text-muted">
            <th scope="col" className="px-3 py-2 text-start font-medium">
              Field
            </th>
            {before && (
              <th scope="col" className="px-3 py-2 text-start font-medium">
                Before
              </th>
            )}
            {after && (
              <th scope="col" className="px-3 py-2 text-start font-medium">
                After
              </th>
            )}
          </tr>
        </thead>
        <tbody className="divide-y divide-border">
          {fields.map((field) => (
            <tr key={field}>
              <th scope="row" className="px-3 py-2 text-start align-top font-normal">
                {field}
              </th>
              {before && <Value of={before[field]} />}
              {after && <Value of={after[field]} />}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Value({ of: value }: { of: unknown }) {
  const text = value === undefined || value === null ? '–' : typeof value === 'string' ? value : JSON.stringify(value)
  return <td className="min-w-32 break-words px-3 py-2 align-top">{text}</td>
}

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-text-muted">{name}</dt>
      <dd className="min-w-0 break-words">{children}</dd>
    </>
  )
}

function Code({ children }: { children: ReactNode }) {
  return <code className="block break-all text-text-muted text-xs">{children}</code>
}
