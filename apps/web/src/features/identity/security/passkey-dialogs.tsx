import type { Passkey } from '@parley/contract'
import { Button, Callout, Dialog, TextField } from '@parley/ui'
import { useMutation } from '@tanstack/react-query'
import { type FormEvent, useId } from 'react'
import { parley } from '../../../parley.ts'
import { explainFailure } from './explain.ts'
import { makePasskey } from './passkey-browser.ts'
import { useWithProof } from './proof.tsx'

/** Names a passkey, then has the browser make it. */
export function AddPasskeyDialog({
  onAdded,
  onClose,
}: {
  onAdded: (recoveryCodes: string[] | null) => void
  onClose: () => void
}) {
  const withProof = useWithProof()
  const add = useMutation({
    mutationFn: async (name: string) => {
      const options = await withProof(() => parley.passkeys.options())
      return parley.passkeys.add({ name, response: await makePasskey(options) })
    },
    onSuccess: ({ recoveryCodes }) => onAdded(recoveryCodes),
  })
  return (
    <NameDialog
      title="Add a passkey"
      description="Your browser then asks where to keep it: on this device, on your phone, or on a security key. From then on, signing in with your password asks for it as a second step."
      action="Make passkey"
      hint="So that you know it again."
      name={deviceName()}
      busy={add.isPending}
      failure={explainFailure(add.error)}
      onSubmit={(name) => add.mutate(name)}
      onClose={onClose}
    />
  )
}

export function RenamePasskeyDialog({
  passkey,
  onRenamed,
  onClose,
}: {
  passkey: Passkey
  onRenamed: () => void
  onClose: () => void
}) {
  const rename = useMutation({
    mutationFn: (name: string) => parley.passkeys.rename(passkey.id, name),
    onSuccess: onRenamed,
  })
  return (
    <NameDialog
      title="Rename the passkey"
      action="Save name"
      name={passkey.name}
      busy={rename.isPending}
      failure={explainFailure(rename.error)}
      onSubmit={(name) => rename.mutate(name)}
      onClose={onClose}
    />
  )
}

function NameDialog(props: {
  title: string
  description?: string
  action: string
  hint?: string
  name: string
  busy: boolean
  failure: string | undefined
  onSubmit: (name: string) => void
  onClose: () => void
}) {
  const form = useId()
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    props.onSubmit(String(new FormData(event.currentTarget).get('name')))
  }
  return (
    <Dialog
      open
      size="small"
      onOpenChange={(open) => !open && props.onClose()}
      title={props.title}
      description={props.description}
      actions={
        <>
          <Button onClick={props.onClose}>Cancel</Button>
          <Button variant="primary" type="submit" form={form} loading={props.busy}>
            {props.action}
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} className="flex flex-col gap-4">
        {props.failure && (
          <Callout tone="danger" live>
            {props.failure}
          </Callout>
        )}
        <TextField label="Name" name="name" hint={props.hint} defaultValue={props.name} maxLength={100} required />
      </form>
    </Dialog>
  )
}

/** What the browser says of the device it runs on. */
function deviceName(): string {
  const agent = navigator.userAgent
  const known: [RegExp, string][] = [
    [/iPhone/, 'iPhone'],
    [/iPad/, 'iPad'],
    [/Android/, 'Android phone'],
    [/Windows/, 'Windows computer'],
    [/Macintosh/, 'Mac'],
    [/CrOS/, 'Chromebook'],
    [/Linux/, 'Linux computer'],
  ]
  return known.find(([pattern]) => pattern.test(agent))?.[1] ?? 'My device'
}
