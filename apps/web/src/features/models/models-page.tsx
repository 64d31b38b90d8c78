import type { Provider } from '@parley/contract'
import {
  Badge,
  Button,
  Callout,
  ConfirmDialog,
  IconButton,
  Menu,
  MenuItem,
  Select,
  Skeleton,
  useToast,
} from '@parley/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { BookOpen, Boxes, Ellipsis, Pencil, Plus, RefreshCw, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { parley } from '../../parley.ts'
import { useMay } from '../identity/me.ts'
import { explainError } from '../shell/explain-error.ts'
import { Panel, SettingsHead } from '../shell/settings-page.tsx'
import { useTitle } from '../shell/use-title.ts'
import { listModels, useModels } from './list-models.ts'
import { ProviderDialog } from './provider-dialog.tsx'

const queryKey = ['model-providers']

export function ModelsPage() {
  useTitle('Models')
  const mayManage = useMay('models:manage')
  const providers = useQuery({
    queryKey,
    queryFn: ({ signal }) => parley.modelProviders.list({ limit: 200 }, { signal }),
  })
  const [dialog, setDialog] = useState<'new' | Provider>()
  const rows = providers.data?.data ?? []
  return (
    <>
      <SettingsHead
        title="Models"
        action={
          mayManage && (
            <Button variant="primary" onClick={() => setDialog('new')}>
              <Plus aria-hidden="true" /> Add provider
            </Button>
          )
        }
      >
        Where answers come from. Keys are tried when you enter them, and stored encrypted.
      </SettingsHead>
      {providers.isPending && <Skeleton />}
      {providers.error && <Callout tone="danger">{explainError(providers.error)}</Callout>}
      <div className="flex flex-col gap-6">
        {rows.length > 0 && (
          <Panel>
            <ul className="divide-y divide-border">
              {rows.map((provider) => (
                <ProviderRow key={provider.id} provider={provider} mayManage={mayManage} onEdit={setDialog} />
              ))}
            </ul>
          </Panel>
        )}
        {mayManage && <DefaultModel />}
      </div>
      {dialog && (
        <ProviderDialog provider={dialog === 'new' ? undefined : dialog} onClose={() => setDialog(undefined)} />
      )}
    </>
  )
}

const verdictNames: Record<Provider['verdict']['code'], string> = {
  ok: 'Working',
  auth: 'Key refused',
  quota: 'No credit',
  rate_limited: 'Rate limited',
  overloaded: 'Overloaded',
  network: 'Unreachable',
  timeout: 'No answer',
  not_a_provider: 'Not a provider',
  egress_refused: 'Not permitted',
  untested: 'Not tried yet',
}

function ProviderRow({
  provider,
  mayManage,
  onEdit,
}: {
  provider: Provider
  mayManage: boolean
  onEdit: (provider: Provider) => void
}) {
  const client = useQueryClient()
  const toast = useToast()
  const [removing, setRemoving] = useState(false)
  const { id, name, baseUrl, protocol, source, verdict, keyHint } = provider
  const refresh = () =>
    Promise.all([client.invalidateQueries({ queryKey }), client.invalidateQueries({ queryKey: ['models'] })])
  const test = useMutation({
    mutationFn: () => parley.modelProviders.test(id),
    onSuccess: async ({ verdict: fresh }) => {
      toast({
        message: fresh.ok ? `${name} works: ${fresh.modelCount} models.` : `${name}: ${fresh.detail}`,
        tone: fresh.ok ? 'success' : 'danger',
      })
      await refresh()
    },
    onError: (error) => toast({ message: explainError(error), tone: 'danger' }),
  })
  const remove = async () => {
    try {
      await parley.modelProviders.delete(id)
      toast({ message: `${name} is disconnected.`, tone: 'success' })
      await refresh()
    } catch (error) {
      toast({ message: explainError(error), tone: 'danger' })
    }
  }
  const Icon = protocol === 'guide' ? BookOpen : Boxes
  const tone = verdict.ok ? 'success' : verdict.code === 'untested' ? 'neutral' : 'danger'
  return (
    <li className="flex flex-wrap items-start gap-x-4 gap-y-2 px-5 py-4">
      <span
        aria-hidden="true"
        className="grid size-10 shrink-0 place-items-center rounded-md bg-accent-soft text-accent [&_svg]:size-5"
      >
        <Icon />
      </span>
      <div className="min-w-40 flex-1">
        <h2 className="flex flex-wrap items-center gap-2 font-medium">
          {name}
          {source === 'environment' && <Badge>Set by the operator</Badge>}
        </h2>
        <p className="break-all text-sm text-text-muted">
          {protocol === 'guide' ? 'Answers from the manual when no model does.' : baseUrl}
          {keyHint && <> · key …{keyHint}</>}
        </p>
        {!verdict.ok && verdict.code !== 'untested' && <p className="mt-1 text-danger text-sm">{verdict.detail}</p>}
      </div>
      {protocol !== 'guide' && (
        <div className="flex items-center gap-2">
          <Badge tone={tone}>
            {verdictNames[verdict.code]}
            {verdict.ok && `, ${verdict.modelCount} ${verdict.modelCount === 1 ? 'model' : 'models'}`}
          </Badge>
          {mayManage && (
            <Menu
              align="end"
              trigger={
                <IconButton label={`More for ${name}`} size="small" tooltip={false}>
                  <Ellipsis />
                </IconButton>
              }
            >
              <MenuItem icon={<RefreshCw />} onSelect={() => test.mutate()}>
                Test now
              </MenuItem>
              {source === 'workspace' && (
                <>
                  <MenuItem icon={<Pencil />} onSelect={() => onEdit(provider)}>
                    Change
                  </MenuItem>
                  <MenuItem icon={<Trash2 />} danger onSelect={() => setRemoving(true)}>
                    Disconnect
                  </MenuItem>
                </>
              )}
            </Menu>
          )}
        </div>
      )}
      <ConfirmDialog
        open={removing}
        onOpenChange={setRemoving}
        title={`Disconnect ${name}?`}
        description="Its key is forgotten and its models can no longer be chosen. Old answers stay."
        confirmLabel="Disconnect"
        danger
        onConfirm={remove}
      />
    </li>
  )
}

function DefaultModel() {
  const client = useQueryClient()
  const toast = useToast()
  const models = useModels()
  const current = models.find(({ isDefault }) => isDefault)
  const choose = useMutation({
    mutationFn: (model: string | null) => parley.models.setDefault(model),
    onSuccess: () => {
      toast({ message: 'Default model saved.', tone: 'success' })
      return client.invalidateQueries({ queryKey: listModels.queryKey })
    },
    onError: (error) => toast({ message: explainError(error), tone: 'danger' }),
  })
  if (models.length < 2) return null
  return (
    <Panel className="p-5">
      <Select
        label="Default model"
        hint="What new chats use, unless another one is chosen there."
        className="max-w-md"
        value={current?.id ?? ''}
        onChange={(event) => choose.mutate(event.currentTarget.value)}
        options={models.map(({ id, name, providerName }) => ({ value: id, label: `${name} (${providerName})` }))}
      />
    </Panel>
  )
}
