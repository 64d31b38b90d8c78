import { Button, Callout, copyText, Dialog, useToast } from '@parley/ui'
import { Copy, Download, Printer } from 'lucide-react'
import { useState } from 'react'
import { useMe } from '../me.ts'

/** Shows new recovery codes, this once: they can be copied, downloaded and printed, and have to be kept to go on. */
export function RecoveryCodesDialog({ codes, onClose }: { codes: string[]; onClose: () => void }) {
  const me = useMe()
  const toast = useToast()
  const [kept, setKept] = useState(false)
  const sheet = sheetOf(codes, me?.email ?? '')
  const copy = async () => {
    const copied = await copyText(codes.join('\n'))
    toast(
      copied ? { message: 'Recovery codes copied.', tone: 'success' } : { message: 'Copying failed.', tone: 'danger' },
    )
  }
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && kept && onClose()}
      title="Keep your recovery codes"
      description="Each signs you in once when you have neither your passkey nor your authenticator app. They are shown this once; Parley keeps only fingerprints of them."
      actions={
        <Button variant="primary" disabled={!kept} onClick={onClose}>
          Done
        </Button>
      }
    >
      <ol
        data-print
        className="grid grid-cols-1 gap-x-6 gap-y-1.5 rounded-md border border-border bg-sunken p-4 font-mono text-sm sm:grid-cols-2"
      >
        {codes.map((code) => (
          <li key={code} className="select-all" data-testid="recovery-code">
            {code}
          </li>
        ))}
      </ol>
      <div className="flex flex-wrap gap-2">
        <Button size="small" onClick={copy}>
          <Copy aria-hidden="true" /> Copy
        </Button>
        <Button size="small" onClick={() => download(sheet)}>
          <Download aria-hidden="true" /> Download
        </Button>
        <Button size="small" onClick={() => window.print()}>
          <Printer aria-hidden="true" /> Print
        </Button>
      </div>
      <Callout tone="warning">Without them, only an admin can let you in again if you lose your devices.</Callout>
      <label className="flex cursor-pointer items-center gap-2 text-sm">
        <input
          type="checkbox"
          className="size-4 accent-accent"
          checked={kept}
          onChange={(event) => setKept(event.currentTarget.checked)}
        />
        I have put them in a safe place.
      </label>
    </Dialog>
  )
}

function sheetOf(codes: string[], email: string): string {
  const made = new Date().toLocaleDateString()
  return [
    `Parley recovery codes of ${email}`,
    `${location.origin}, made on ${made}`,
    '',
    ...codes,
    '',
    'Each works once.',
    '',
  ].join('\n')
}

function download(text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: 'text/plain' }))
  const link = document.createElement('a')
  link.href = address
  link.download = 'parley-recovery-codes.txt'
  link.click()
  URL.revokeObjectURL(address)
}
