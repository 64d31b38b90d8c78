import type { CreatedApiKey } from '@parley/contract'
import { Button, Callout, CopyButton, Dialog } from '@parley/ui'
import { formatMoment } from '../../shell/format.ts'

/** The secrets of a key that was just made or rotated. */
export function ShownOnce({ made, onClose }: { made: CreatedApiKey; onClose: () => void }) {
  const former = made.formerSecrets[0]
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={made.signingSecret ? 'Copy your key and its secret now' : 'Copy your key now'}
      actions={
        <Button variant="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      <p className="text-text-muted">It is shown this once. Parley keeps only a fingerprint of it.</p>
      <Secret label="Key" text={made.key} testId="new-key" />
      {made.signingSecret && <Secret label="Signing secret" text={made.signingSecret} testId="new-signing-secret" />}
      {made.signing && (
        <p className="text-text-muted text-sm">
          Signatures name the key by its id, <code className="break-all font-mono text-xs">{made.id}</code>.
        </p>
      )}
      {former && (
        <Callout>
          The old one, <code className="font-mono text-xs">{former.prefix}…</code>, works until{' '}
          {formatMoment(former.goodUntil)}.
        </Callout>
      )}
    </Dialog>
  )
}

function Secret({ label, text, testId }: { label: string; text: string; testId: string }) {
  return (
    <div>
      <p className="mb-1 font-medium text-sm">{label}</p>
      <div className="flex items-center gap-2 rounded-md border border-border bg-sunken p-2 ps-3">
        <code className="min-w-0 flex-1 select-all break-all font-mono text-sm" data-testid={testId}>
          {text}
        </code>
        <CopyButton text={text} label={`Copy ${label.toLowerCase()}`} size="medium" />
      </div>
    </div>
  )
}
