import { Button, TextField } from '@parley/ui'
import { useMutation } from '@tanstack/react-query'
import type { FormEvent } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { Panel } from '../shell/settings-page.tsx'
import { switchWorkspace } from './workspaces.ts'

/** Makes another workspace, and goes there. */
export function NewWorkspace() {
  const make = useMutation({
    mutationFn: async (name: string) => switchWorkspace((await parley.workspaces.create(name)).id),
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    make.mutate(String(new FormData(event.currentTarget).get('workspace')))
  }
  return (
    <Panel className="p-6">
      <form onSubmit={submit} className="flex flex-wrap items-end gap-3">
        <TextField
          label="Another workspace"
          hint="With people, models, tools and chats of its own. You switch in the menu under your name."
          name="workspace"
          autoComplete="off"
          maxLength={100}
          required
          className="min-w-56 flex-1"
          error={make.error ? explainError(make.error) : undefined}
        />
        <Button type="submit" loading={make.isPending}>
          Make workspace
        </Button>
      </form>
    </Panel>
  )
}
