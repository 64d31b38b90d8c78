import type { User } from '@parley/contract'
import { Button, ConfirmDialog, useToast } from '@parley/ui'
import { useState } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { Panel } from '../shell/settings-page.tsx'
import { startAnew } from './workspaces.ts'

/** Leaves the workspace, after asking. */
export function LeaveWorkspace({ me }: { me: User }) {
  const toast = useToast()
  const [asking, setAsking] = useState(false)
  const leave = async () => {
    try {
      await parley.workspaces.leave()
      startAnew()
    } catch (error) {
      toast({ message: explainError(error), tone: 'danger' })
    }
  }
  return (
    <Panel className="flex flex-wrap items-center justify-between gap-4 p-6">
      <div>
        <h2 className="font-medium">Leave {me.workspace.name}</h2>
        <p className="text-sm text-text-muted">Your account stays; what you wrote here stays with the workspace.</p>
      </div>
      <Button onClick={() => setAsking(true)}>Leave</Button>
      <ConfirmDialog
        open={asking}
        onOpenChange={setAsking}
        title={`Leave ${me.workspace.name}?`}
        description="Your sessions and API keys here end at once. To come back you need an invitation."
        confirmLabel="Leave"
        danger
        onConfirm={leave}
      />
    </Panel>
  )
}
