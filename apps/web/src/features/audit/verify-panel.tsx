import type { AuditReport } from '@parley/contract'
import { Button, Callout, CopyButton } from '@parley/ui'
import { useMutation } from '@tanstack/react-query'
import { ShieldCheck } from 'lucide-react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { Panel } from '../shell/settings-page.tsx'

/** Checks the whole chain when asked to, and says what is wrong. */
export function VerifyPanel({ chain }: { chain: 'workspace' | 'installation' }) {
  const check = useMutation({ mutationFn: () => parley.audit.verify({ chain }) })
  return (
    <Panel className="flex flex-col gap-4 p-5">
      <div className="flex flex-wrap items-center justify-between gap-4">
        <div className="min-w-0">
          <h2 className="font-medium">Is the log whole?</h2>
          <p className="text-sm text-text-muted">
            Reads every entry and checks that none was changed, moved or removed.
          </p>
        </div>
        <Button loading={check.isPending} onClick={() => check.mutate()}>
          <ShieldCheck aria-hidden="true" /> Check now
        </Button>
      </div>
      {check.error && (
        <Callout tone="danger" live>
          {explainError(check.error)}
        </Callout>
      )}
      {check.data && <Report report={check.data} />}
    </Panel>
  )
}

function Report({ report }: { report: AuditReport }) {
  const { ok, checked, firstSequence, lastSequence, problems, problemCount, anchor } = report
  if (ok) {
    return (
      <Callout
        tone="success"
        live
        title="Nothing is wrong"
        actions={anchor && <CopyButton text={anchor} label="Copy the anchor" />}
      >
        {checked === 0
          ? 'There are no entries yet.'
          : `${checked.toLocaleString()} entries, number ${firstSequence} to ${lastSequence}. Keep the anchor elsewhere: with it, “parley audit verify” notices if the end is cut off.`}
      </Callout>
    )
  }
  return (
    <Callout
      tone="danger"
      live
      title={
        problemCount === 1 ? 'The log is not as it was written' : `${problemCount} things are not as they were written`
      }
    >
      <ul className="list-disc ps-5">
        {problems.slice(0, 20).map(({ kind, sequence, detail }) => (
          <li key={`${kind} ${sequence} ${detail}`}>
            {sequence !== null && `Entry ${sequence}: `}
            {detail}
          </li>
        ))}
      </ul>
      {problemCount > 20 && <p>And {problemCount - 20} more; “parley audit verify” lists them.</p>}
    </Callout>
  )
}
