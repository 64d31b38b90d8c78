import type { Provider } from '@parley/contract'
import { ParleyError } from '@parley/sdk'
import { Button, Callout, classNames, Dialog, Select, TextField, useToast } from '@parley/ui'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { providerPresets } from './provider-presets.ts'

/** Connects a provider, or changes the connection `provider`. What does not work is kept only when asked for twice. */
export function ProviderDialog({ provider, onClose }: { provider?: Provider; onClose: () => void }) {
  const form = useId()
  const client = useQueryClient()
  const toast = useToast()
  const [presetId, setPresetId] = useState('openai')
  const preset = providerPresets.find(({ id }) => id === presetId)!
  const [name, setName] = useState(provider?.name ?? preset.name)
  const [baseUrl, setBaseUrl] = useState(provider?.baseUrl ?? preset.baseUrl)
  const [protocol, setProtocol] = useState<'openai' | 'anthropic'>(
    provider?.protocol === 'anthropic' ? 'anthropic' : 'openai',
  )
  const [apiKey, setApiKey] = useState('')
  const custom = provider === undefined && presetId === 'custom'

  const save = useMutation({
    mutationFn: (force: boolean) => {
      const body = { name, baseUrl, apiKey: apiKey || undefined, force: force || undefined }
      return provider
        ? parley.modelProviders.update(provider.id, body)
        : parley.modelProviders.create({ ...body, protocol })
    },
    onSuccess: async (saved) => {
      const { ok, modelCount, detail } = saved.verdict
      toast(
        ok
          ? {
              message: `${saved.name} is connected: ${modelCount} ${modelCount === 1 ? 'model' : 'models'}.`,
              tone: 'success',
            }
          : { message: `${saved.name} is saved, but does not work yet. ${detail}` },
      )
      onClose()
      await Promise.all([
        client.invalidateQueries({ queryKey: ['model-providers'] }),
        client.invalidateQueries({ queryKey: ['models'] }),
      ])
    },
  })
  const choose = (id: string) => {
    const next = providerPresets.find((one) => one.id === id)!
    save.reset()
    setPresetId(id)
    setName(id === 'custom' ? '' : next.name)
    setBaseUrl(next.baseUrl)
    setProtocol(next.protocol)
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    save.mutate(false)
  }
  const fields = save.error instanceof ParleyError ? save.error.fields : {}
  const refused =
    save.error instanceof ParleyError && save.error.code !== 'invalid_request' && save.error.code !== 'network'
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={provider ? `Change ${provider.name}` : 'Add a model provider'}
      size="medium"
      actions={
        <>
          {refused && (
            <Button variant="ghost" className="me-auto" disabled={save.isPending} onClick={() => save.mutate(true)}>
              Save anyway
            </Button>
          )}
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} variant="primary" loading={save.isPending}>
            {save.isPending ? 'Trying it…' : provider ? 'Test and save' : 'Test and connect'}
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} className="flex flex-col gap-5">
        {!provider && (
          <fieldset>
            <legend className="mb-2 font-medium text-sm">Provider</legend>
            <div className="grid grid-cols-2 gap-2 sm:grid-cols-4">
              {providerPresets.map(({ id, name: label }) => (
                <label
                  key={id}
                  className={classNames(
                    'cursor-pointer rounded-md border px-3 py-2 text-center text-sm transition-colors has-focus-visible:outline-2 has-focus-visible:outline-focus has-focus-visible:outline-offset-2',
                    id === presetId
                      ? 'border-accent bg-accent-soft font-medium text-accent'
                      : 'border-border-strong/60 hover:border-border-strong',
                  )}
                >
                  <input
                    type="radio"
                    name="preset"
                    className="sr-only"
                    checked={id === presetId}
                    onChange={() => choose(id)}
                  />
                  {label}
                </label>
              ))}
            </div>
            <p className="mt-2 text-sm text-text-muted">{preset.hint}</p>
          </fieldset>
        )}
        {save.error && (
          <Callout tone="danger" live title={refused ? 'It did not work' : undefined}>
            {explainError(save.error)}
          </Callout>
        )}
        <TextField
          label="Name"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          maxLength={60}
          required
          error={fields.name}
        />
        {custom && (
          <Select
            label="Protocol"
            value={protocol}
            onChange={(event) => setProtocol(event.currentTarget.value === 'anthropic' ? 'anthropic' : 'openai')}
            options={[
              { value: 'openai', label: 'OpenAI chat completions' },
              { value: 'anthropic', label: 'Anthropic messages' },
            ]}
          />
        )}
        <TextField
          label="Address"
          type="url"
          value={baseUrl}
          onChange={(event) => setBaseUrl(event.currentTarget.value)}
          placeholder="https://…"
          required
          error={fields.baseUrl}
        />
        <TextField
          label={preset.needsKey || provider ? 'API key' : 'API key (if it needs one)'}
          type="password"
          autoComplete="off"
          value={apiKey}
          onChange={(event) => setApiKey(event.currentTarget.value)}
          required={!provider && preset.needsKey}
          hint={
            provider?.hasKey
              ? `Leave empty to keep the one that ends in ${provider.keyHint}.`
              : 'Stored encrypted, and never shown again.'
          }
          error={fields.apiKey}
        />
      </form>
    </Dialog>
  )
}
