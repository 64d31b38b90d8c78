import { parley } from '../../parley.ts'
import { SettingsHead } from '../shell/settings-page.tsx'
import { useTitle } from '../shell/use-title.ts'
import { type UsageSource, UsageView } from './usage-view.tsx'

const source: UsageSource = {
  name: 'workspace',
  groupings: [
    { value: 'model', label: 'Model' },
    { value: 'person', label: 'Person' },
    { value: 'key', label: 'API key' },
    { value: 'purpose', label: 'Purpose' },
  ],
  report: (query, signal) => parley.usage.report(query as Parameters<typeof parley.usage.report>[0], { signal }),
  exportPath: '/api/v1/usage/export',
}

export function WorkspaceUsagePage() {
  useTitle('Usage')
  return (
    <>
      <SettingsHead title="Usage">
        Every model call of the workspace: whose it was, what it took, what it cost.
      </SettingsHead>
      <UsageView source={source} />
    </>
  )
}
