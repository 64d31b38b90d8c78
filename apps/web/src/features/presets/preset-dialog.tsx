import type { Preset } from '@parley/contract'
import { ParleyError } from '@parley/sdk'
import { Button, Callout, Dialog, Select, Skeleton, TextField, useToast } from '@parley/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { parley } from '../../parley.ts'
import { modelName, useModels } from '../models/list-models.ts'
import { explainError } from '../shell/explain-error.ts'
import { fieldText, readWhole } from '../shell/whole-number.ts'
import { getPreset } from './list-presets.ts'
import { ServerChoice } from './server-choice.tsx'

/** Makes a preset, or changes the one with this id. */
export function PresetDialog({ id, onClose }: { id?: string; onClose: () => void }) {
  const form = useId()
  const found = useQuery({ ...getPreset(id ?? ''), enabled: id !== undefined, staleTime: 0, refetchOnMount: 'always' })
  // What is being edited does not change under one's hands: a newer version is shown when asked for.
  const [preset, setPreset] = useState<Preset>()
  const [saving, setSaving] = useState(false)
  if (id !== undefined && preset === undefined && found.isFetchedAfterMount && found.data) setPreset(found.data)
  const isReady = id === undefined || preset !== undefined
  const showNewer = async () => setPreset((await found.refetch()).data)
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={id === undefined ? 'New preset' : `Edit ${preset ? `“${preset.name}”` : 'preset'}`}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} variant="primary" loading={saving} disabled={!isReady}>
            {id === undefined ? 'Make preset' : 'Save'}
          </Button>
        </>
      }
    >
      {found.error && !preset && <Callout tone="danger">{explainError(found.error)}</Callout>}
      {!isReady && !found.error && <Skeleton />}
      {isReady && (
        <PresetForm
          key={preset?.version}
          id={form}
          preset={preset}
          onSaving={setSaving}
          onSaved={onClose}
          onShowNewer={showNewer}
        />
      )}
    </Dialog>
  )
}

function PresetForm({
  id,
  preset,
  onSaving,
  onSaved,
  onShowNewer,
}: {
  id: string
  preset: Preset | undefined
  onSaving: (saving: boolean) => void
  onSaved: () => void
  onShowNewer: () => void
}) {
  const client = useQueryClient()
  const toast = useToast()
  const models = useModels()
  const [model, setModel] = useState(preset?.model ?? '')
  const [length, setLength] = useState(fieldText(preset?.maxOutputTokens))
  const [serverIds, setServerIds] = useState(preset?.serverIds ?? null)
  const [problem, setProblem] = useState<string>()
  const save = useMutation({
    mutationFn: (body: Parameters<typeof parley.presets.create>[0]) =>
      preset ? parley.presets.update(preset.id, { ...body, version: preset.version }) : parley.presets.create(body),
    onMutate: () => onSaving(true),
    onSuccess: async (saved) => {
      client.setQueryData(['preset', saved.id], saved)
      toast({ message: `“${saved.name}” is saved.`, tone: 'success' })
      onSaved()
      await client.invalidateQueries({ queryKey: ['presets'] })
    },
    onSettled: () => onSaving(false),
  })
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault()
    const data = new FormData(event.currentTarget)
    const text = (field: string) => String(data.get(field) ?? '').trim()
    const maxOutputTokens = readWhole(length)
    setProblem(maxOutputTokens === undefined ? 'A whole number, such as 1000, or nothing.' : undefined)
    if (maxOutputTokens === undefined) return
    save.mutate({
      name: text('name'),
      description: text('description'),
      instructions: text('instructions'),
      model: model || null,
      maxOutputTokens,
      serverIds,
    })
  }
  const { code, fields = {} } = save.error instanceof ParleyError ? save.error : {}
  const isGone = model !== '' && models.every((each) => each.id !== model)
  return (
    <form id={id} onSubmit={submit} className="flex flex-col gap-5">
      {save.error && (
        <Callout
          tone="danger"
          live
          actions={code === 'version_conflict' && <Button onClick={onShowNewer}>Show the newer version</Button>}
        >
          {code === 'version_conflict'
            ? 'Somebody changed this preset while you did. Copy what you want to keep of yours, and look at theirs.'
            : explainError(save.error)}
        </Callout>
      )}
      <TextField label="Name" name="name" defaultValue={preset?.name} maxLength={100} required error={fields.name} />
      <TextField
        label="Description"
        name="description"
        defaultValue={preset?.description}
        maxLength={500}
        hint="For people who choose it. Models are not told."
        error={fields.description}
      />
      <TextField
        label="Instructions"
        name="instructions"
        multiline
        rows={7}
        dir="auto"
        defaultValue={preset?.instructions}
        maxLength={20_000}
        placeholder="Translate what I write into French. Keep the tone."
        hint="What the model is told before the chat begins. Everyone with the preset can read it."
        error={fields.instructions}
      />
      <div className="grid gap-5 sm:grid-cols-2">
        <Select
          label="Model"
          value={model}
          onChange={(event) => setModel(event.currentTarget.value)}
          options={[
            { value: '', label: 'The workspace’s default' },
            ...(isGone ? [{ value: model, label: `${modelName(models, model)} (not connected)` }] : []),
            ...models.map(({ id, name, providerName }) => ({ value: id, label: `${name} (${providerName})` })),
          ]}
          error={fields.model}
        />
        <TextField
          label="Tokens an answer may have"
          inputMode="numeric"
          value={length}
          onChange={(event) => setLength(event.currentTarget.value)}
          placeholder="As many as the model allows"
          error={problem ?? fields.maxOutputTokens}
        />
      </div>
      <ServerChoice value={serverIds} onChange={setServerIds} />
    </form>
  )
}
