import { Button, Callout, Dialog, Skeleton } from '@parley/ui'
import { useQuery } from '@tanstack/react-query'
import { modelName, useModels } from '../models/list-models.ts'
import { explainError } from '../shell/explain-error.ts'
import { formatCount } from '../shell/format.ts'
import { getPreset } from './list-presets.ts'
import { useServers } from './server-choice.tsx'

/** A preset for who may not change it. */
export function PresetView({ id, onClose }: { id: string; onClose: () => void }) {
  const { data: preset, error } = useQuery(getPreset(id))
  const models = useModels()
  const servers = useServers()
  const nameOf = (serverId: string) => servers.data?.find((server) => server.id === serverId)?.name ?? serverId
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={preset?.name ?? 'Preset'}
      description={preset?.description}
      actions={
        <Button variant="primary" onClick={onClose}>
          Close
        </Button>
      }
    >
      {error && <Callout tone="danger">{explainError(error)}</Callout>}
      {!preset && !error && <Skeleton />}
      {preset && (
        <dl className="grid gap-4 text-sm">
          <Fact name="Instructions">
            {preset.instructions === '' ? (
              'None'
            ) : (
              <p
                dir="auto"
                // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard.
                tabIndex={0}
                className="max-h-80 overflow-y-auto whitespace-pre-wrap break-words rounded-md bg-surface px-4 py-3"
              >
                {preset.instructions}
              </p>
            )}
          </Fact>
          <Fact name="Model">
            {preset.model === null ? 'The workspace’s default' : modelName(models, preset.model)}
          </Fact>
          {preset.maxOutputTokens !== null && (
            <Fact name="Answer length">At most {formatCount(preset.maxOutputTokens)} tokens</Fact>
          )}
          <Fact name="Tools">
            {preset.serverIds === null
              ? 'All that you may use'
              : preset.serverIds.length === 0
                ? 'None'
                : preset.serverIds.map(nameOf).join(', ')}
          </Fact>
        </dl>
      )}
    </Dialog>
  )
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt className="mb-1 font-medium">{name}</dt>
      <dd className="text-text-muted">{children}</dd>
    </div>
  )
}
