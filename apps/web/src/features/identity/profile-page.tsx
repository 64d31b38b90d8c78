import { Button, TextField, useToast } from '@parley/ui'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { FormEvent } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { Panel, SettingsHead } from '../shell/settings-page.tsx'
import { type Theme, useTheme } from '../shell/theme.ts'
import { useTitle } from '../shell/use-title.ts'
import { EmailAddress } from './email-address.tsx'
import { LeaveWorkspace } from './leave-workspace.tsx'
import { findMe, useMe } from './me.ts'
import { NewWorkspace } from './new-workspace.tsx'
import { useSignOut } from './sign-out.ts'

/** Name, appearance and address, and the ways out. */
export function ProfilePage() {
  useTitle('Profile')
  const me = useMe()
  const signOut = useSignOut()
  if (!me) return null
  return (
    <>
      <SettingsHead title="Profile">
        {me.email}, {me.workspace.customRole?.name ?? me.workspace.role} of {me.workspace.name}
      </SettingsHead>
      <div className="flex flex-col gap-6">
        <NameForm name={me.name} />
        <ThemeChoice />
        <EmailAddress me={me} />
        <Panel className="flex flex-wrap items-center justify-between gap-4 p-6">
          <div>
            <h2 className="font-medium">Sign out</h2>
            <p className="text-sm text-text-muted">Ends this session, in this browser.</p>
          </div>
          <Button onClick={() => signOut.mutate()} loading={signOut.isPending}>
            Sign out
          </Button>
        </Panel>
        {me.workspace.role === 'owner' && <NewWorkspace />}
        <LeaveWorkspace me={me} />
      </div>
    </>
  )
}

function NameForm({ name }: { name: string }) {
  const client = useQueryClient()
  const toast = useToast()
  const save = useMutation({
    mutationFn: (next: string) => parley.me.update({ name: next }),
    onSuccess: (user) => {
      client.setQueryData(findMe.queryKey, user)
      toast({ message: 'Name saved.', tone: 'success' })
    },
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    save.mutate(String(new FormData(event.currentTarget).get('name')))
  }
  return (
    <Panel className="p-6">
      <form onSubmit={submit} className="flex flex-wrap items-end gap-3">
        <TextField
          label="Name"
          name="name"
          defaultValue={name}
          autoComplete="name"
          maxLength={100}
          required
          className="min-w-56 flex-1"
          error={save.error ? explainError(save.error) : undefined}
        />
        <Button type="submit" loading={save.isPending}>
          Save name
        </Button>
      </form>
    </Panel>
  )
}

const themes: { value: Theme; label: string }[] = [
  { value: 'system', label: 'As the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
]

function ThemeChoice() {
  const [theme, setTheme] = useTheme()
  return (
    <Panel className="p-6">
      <fieldset>
        <legend className="mb-3 font-medium">Appearance</legend>
        <div className="flex flex-wrap gap-2">
          {themes.map(({ value, label }) => (
            <label
              key={value}
              className="flex cursor-pointer items-center gap-2 rounded-md border border-border-strong/60 px-4 py-2 text-sm has-checked:border-accent has-checked:bg-accent-soft"
            >
              <input
                type="radio"
                name="theme"
                className="accent-accent"
                checked={theme === value}
                onChange={() => setTheme(value)}
              />
              {label}
            </label>
          ))}
        </div>
      </fieldset>
    </Panel>
  )
}
