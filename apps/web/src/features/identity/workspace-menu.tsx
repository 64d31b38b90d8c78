import { MenuChoices, MenuLabel, MenuSeparator, useToast } from '@parley/ui'
import { useQuery } from '@tanstack/react-query'
import { explainError } from '../shell/explain-error.ts'
import { useMe } from './me.ts'
import { listWorkspaces, switchWorkspace } from './workspaces.ts'

/** The workspaces to switch between, in the person's menu; nothing for people in one. */
export function WorkspaceMenu() {
  const me = useMe()
  const toast = useToast()
  const workspaces = useQuery(listWorkspaces).data?.data ?? []
  if (!me || workspaces.length < 2) return null
  const change = async (id: string) => {
    try {
      await switchWorkspace(id)
    } catch (error) {
      toast({ message: explainError(error), tone: 'danger' })
    }
  }
  return (
    <>
      <MenuLabel>Workspace</MenuLabel>
      <MenuChoices
        value={me.workspace.id}
        onChange={(id) => void change(id)}
        choices={workspaces.map(({ id, name }) => ({ value: id, label: name }))}
      />
      <MenuSeparator />
    </>
  )
}
