import { ParleyError } from '@parley/sdk'
import { Button, Callout, CopyButton, Dialog } from '@parley/ui'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useId } from 'react'
import { parley } from '../../../parley.ts'
import { CodeField } from './code-field.tsx'
import { explainFailure } from './explain.ts'
import { QrCode } from './qr-code.tsx'

/** An authenticator app being set up: scan, then confirm with a code. */
export function TotpDialog({
  setUp,
  onDone,
  onClose,
}: {
  setUp: { secret: string; uri: string }
  onDone: (recoveryCodes: string[] | null) => void
  onClose: () => void
}) {
  const form = useId()
  const confirm = useMutation({
    mutationFn: (code: string) => parley.security.confirmTotp(code),
    onSuccess: ({ recoveryCodes }) => onDone(recoveryCodes),
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    confirm.mutate(String(new FormData(event.currentTarget).get('code')))
  }
  const wrongCode = confirm.error instanceof ParleyError && confirm.error.code === 'second_factor_invalid'
  const spaced = setUp.secret.replace(/(.{4})(?=.)/g, '$1 ')
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title="Set up an authenticator app"
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form={form} loading={confirm.isPending}>
            Confirm
          </Button>
        </>
      }
    >
      <div className="flex flex-col items-center gap-5 sm:flex-row sm:items-start">
        <QrCode text={setUp.uri} label="QR code for your authenticator app" />
        <div className="flex min-w-0 flex-1 flex-col gap-4">
          <p>Scan the code with your app: 1Password, Aegis, Google Authenticator, or any other.</p>
          <div>
            <p className="mb-1 text-sm text-text-muted">No camera? Type this key instead:</p>
            <div className="flex items-center gap-1">
              <code className="min-w-0 break-words font-mono text-sm" data-testid="totp-secret">
                {spaced}
              </code>
              <CopyButton text={setUp.secret} label="Copy key" />
            </div>
          </div>
        </div>
      </div>
      <form id={form} onSubmit={submit} className="flex flex-col gap-4">
        {confirm.error && !wrongCode && (
          <Callout tone="danger" live>
            {explainFailure(confirm.error)}
          </Callout>
        )}
        <CodeField error={wrongCode ? explainFailure(confirm.error) : undefined} />
      </form>
    </Dialog>
  )
}
