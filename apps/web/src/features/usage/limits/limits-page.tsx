import { Button } from '@parley/ui'
import { useQuery } from '@tanstack/react-query'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { useMay } from '../../identity/me.ts'
import { SettingsHead } from '../../shell/settings-page.tsx'
import { useTitle } from '../../shell/use-title.ts'
import { getMyLimits } from './list-limits.ts'
import { OverrideDialog } from './override-dialog.tsx'
import { Overrides } from './overrides.tsx'
import { Plans } from './plans.tsx'
import { WorkspacePlans } from './workspace-plans.tsx'

/** Settings → Limits: the plan, and other figures for some. */
export function LimitsPage() {
  useTitle('Limits')
  const mayManage = useMay('usage:manage')
  const isOperator = useQuery(getMyLimits).data?.operator === true
  const [adding, setAdding] = useState(false)
  return (
    <>
      <SettingsHead
        title="Limits"
        action={
          mayManage && (
            <Button variant="primary" onClick={() => setAdding(true)}>
              <Plus aria-hidden="true" /> New limit
            </Button>
          )
        }
      >
        How often people may ask, and how many tokens a day they have. The plan counts for each person; set other
        figures for some below.
      </SettingsHead>
      <div className="flex flex-col gap-8">
        <Overrides mayManage={mayManage} />
        <Plans mayChange={mayManage && isOperator} />
        {mayManage && isOperator && <WorkspacePlans />}
      </div>
      {adding && <OverrideDialog onClose={() => setAdding(false)} />}
    </>
  )
}
