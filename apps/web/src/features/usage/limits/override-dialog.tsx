import { type LimitOverride, type LimitSubjectKind, limitSubjectKinds } from '@parley/contract'
import { ParleyError } from '@parley/sdk'
import { Button, Callout, Dialog, Select, useToast } from '@parley/ui'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { parley } from '../../../parley.ts'
import { useMe } from '../../identity/me.ts'
import { explainError } from '../../shell/explain-error.ts'
import { useSubjects } from '../use-subjects.ts'
import { FigureFields, type Figures, useFigures } from './figure-fields.tsx'
import { kinds, whose } from './list-limits.ts'

const counts = [
  { value: 'each', label: 'Each person alone' },
  { value: 'together', label: 'All of them together' },
] as const

/** Sets figures for someone or something, or changes those of `override`. */
export function OverrideDialog({ override, onClose }: { override?: LimitOverride; onClose: () => void }) {
  const form = useId()
  const client = useQueryClient()
  const toast = useToast()
  const workspaceId = useMe()?.workspace.id ?? ''
  const subjects = useSubjects()
  const [kind, setKind] = useState<LimitSubjectKind>(override?.subject.kind ?? 'workspace')
  const [subjectId, setSubjectId] = useState(override?.subject.id ?? '')
  const [counted, setCounted] = useState<LimitOverride['counted']>(override?.counted ?? 'each')
  const figures = useFigures(override)
  const isAlone = kind === 'user' || kind === 'key'

  const save = useMutation({
    mutationFn: (set: Figures) =>
      parley.limits.setOverride({
        subject: { kind, id: kind === 'workspace' ? workspaceId : subjectId },
        counted: isAlone ? 'each' : counted,
        ...set,
      }),
    onSuccess: async (saved) => {
      toast({ message: `${whose(saved)}: the limit is saved.`, tone: 'success' })
      onClose()
      await client.invalidateQueries({ queryKey: ['limits'] })
    },
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const read = figures.read()
    if (read) save.mutate(read)
  }
  const fields = save.error instanceof ParleyError ? save.error.fields : {}
  const choices = kind === 'workspace' ? [] : subjects[kind]
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={override ? 'Change the limit' : 'New limit'}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} variant="primary" loading={save.isPending}>
            Save
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} className="flex flex-col gap-5">
        {save.error && (
          <Callout tone="danger" live>
            {explainError(save.error)}
          </Callout>
        )}
        {override ? (
          <p className="text-text-muted">{whose(override)}</p>
        ) : (
          <>
            <Select
              label="For"
              options={limitSubjectKinds.map((value) => ({ value, label: kinds[value] }))}
              value={kind}
              onChange={(event) => {
                setKind(event.currentTarget.value as LimitSubjectKind)
                setSubjectId('')
              }}
            />
            {kind !== 'workspace' && (
              <Select
                label={{ group: 'Group', user: 'Person', key: 'API key', model: 'Model' }[kind]}
                required
                value={subjectId}
                error={fields['subject.id']}
                hint={choices.length === 0 ? 'There is none yet.' : undefined}
                options={[
                  { value: '', label: 'Choose one' },
                  ...choices.map(({ id, name }) => ({ value: id, label: name })),
                ]}
                onChange={(event) => setSubjectId(event.currentTarget.value)}
              />
            )}
            {!isAlone && (
              <Select
                label="Counted for"
                options={counts}
                value={counted}
                onChange={(event) => setCounted(event.currentTarget.value as LimitOverride['counted'])}
              />
            )}
          </>
        )}
        <FigureFields figures={figures} errors={fields} />
        <p className="text-sm text-text-muted">
          Empty: not set here. Of what a person may do, the most specific figure counts, and none goes above the plan.
        </p>
      </form>
    </Dialog>
  )
}
