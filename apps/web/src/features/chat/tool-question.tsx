import type { ToolCallPart } from '@parley/contract'
import { Button, Callout, Select, TextField } from '@parley/ui'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Check, Pencil, ShieldCheck, X } from 'lucide-react'
import { useState } from 'react'
import { parley } from '../../parley.ts'
import { useMay } from '../identity/me.ts'
import { explainError } from '../shell/explain-error.ts'
import { replaceMessage } from './list-messages.ts'
import { followReply } from './live-replies.ts'
import { asObject, fieldsOf, parseJson, type SchemaField, toArguments, toFormValues } from './schema-fields.ts'

/** What a waiting tool call asks of a person: whether it may run, and with which arguments. */
export function ToolQuestion({
  part,
  runId,
  conversationId,
}: {
  part: ToolCallPart
  runId: string
  conversationId: string
}) {
  const client = useQueryClient()
  const mayAllow = useMay('tools:manage')
  const given = asObject(parseJson(part.arguments || '{}'))
  const reason = part.ask?.reason ?? 'approval'
  const asks = reason === 'approval' || reason === 'untrusted'
  const fields = part.ask?.schema ? fieldsOf(part.ask.schema) : []
  const [editing, setEditing] = useState(reason === 'arguments')
  const [values, setValues] = useState(() => toFormValues(fields, given))
  const [json, setJson] = useState(() => JSON.stringify(given, null, 2))
  const [problems, setProblems] = useState<Record<string, string>>({})

  const answer = useMutation({
    mutationFn: (body: { decision: 'approve' | 'always' | 'deny'; arguments?: Record<string, unknown> }) =>
      parley.runs.resume(runId, [{ interruptId: part.toolCallId, ...body }]),
    onSuccess: (started) => {
      replaceMessage(client, started.assistantMessage)
      followReply(started.assistantMessage)
    },
    onError: () => client.invalidateQueries({ queryKey: ['messages', conversationId] }),
  })
  const approve = (decision: 'approve' | 'always') => {
    if (!editing) return answer.mutate({ decision })
    const read = fields.length > 0 ? toArguments(fields, values, given) : readJson(json)
    if ('problems' in read) return setProblems(read.problems)
    setProblems({})
    answer.mutate({ decision, arguments: read.arguments })
  }

  return (
    <form
      className="flex flex-col gap-4 border-border border-t px-4 py-4"
      onSubmit={(event) => {
        event.preventDefault()
        approve('approve')
      }}
    >
      <p className="text-sm">{questionOf(part)}</p>
      {reason === 'untrusted' && (
        <Callout tone="warning" title="Why this asks although the tool is allowed">
          The model has read text from a tool or a file in this chat. Such text can carry instructions meant for the
          model. Check that the call is what you want.
        </Callout>
      )}
      {answer.error && (
        <Callout tone="danger" live>
          {explainError(answer.error)}
        </Callout>
      )}
      {editing &&
        (fields.length > 0 ? (
          <div className="flex flex-col gap-4">
            {fields.map((field) => (
              <ArgumentField
                key={field.name}
                field={field}
                value={values[field.name] ?? ''}
                error={problems[field.name]}
                onChange={(value) => setValues((current) => ({ ...current, [field.name]: value }))}
              />
            ))}
          </div>
        ) : (
          <TextField
            multiline
            label="Arguments (JSON)"
            spellCheck={false}
            rows={Math.min(12, json.split('\n').length + 1)}
            className="[&_textarea]:font-mono [&_textarea]:text-sm"
            value={json}
            error={problems['']}
            onChange={(event) => setJson(event.currentTarget.value)}
          />
        ))}
      <div className="flex flex-wrap items-center gap-2">
        <Button type="submit" size="small" variant="primary" loading={answer.isPending}>
          <Check aria-hidden="true" />{' '}
          {reason === 'interrupted' ? 'Run again' : reason === 'arguments' ? 'Run' : 'Approve once'}
        </Button>
        <Button size="small" disabled={answer.isPending} onClick={() => answer.mutate({ decision: 'deny' })}>
          <X aria-hidden="true" /> {reason === 'interrupted' ? 'Do not repeat' : 'Deny'}
        </Button>
        {asks && mayAllow && (
          <Button
            size="small"
            variant="ghost"
            disabled={answer.isPending}
            onClick={() => approve('always')}
            aria-describedby={`${part.toolCallId}-always`}
          >
            <ShieldCheck aria-hidden="true" /> {reason === 'untrusted' ? 'Always allow, even then' : 'Always allow'}
          </Button>
        )}
        {!editing && (
          <Button
            size="small"
            variant="ghost"
            disabled={answer.isPending}
            onClick={() => setEditing(true)}
            className="ms-auto"
          >
            <Pencil aria-hidden="true" /> Edit arguments
          </Button>
        )}
      </div>
      {asks && (
        <p id={`${part.toolCallId}-always`} className="text-text-muted text-xs">
          Approving runs it this once{editing ? ', with the arguments above' : ''}.
          {mayAllow &&
            reason === 'untrusted' &&
            ' “Always allow, even then” lets any model in this workspace run this tool without asking, whatever it has read; undo it under Settings, MCP servers.'}
          {mayAllow &&
            reason === 'approval' &&
            ' “Always allow” lets any model in this workspace run this tool from now on without asking; undo it under Settings, MCP servers.'}
        </p>
      )}
    </form>
  )
}

function questionOf({ ask, title, serverName }: ToolCallPart) {
  if (ask?.reason === 'arguments') return <>Some details are missing before “{title}” can run.</>
  if (ask?.reason === 'interrupted') {
    return (
      <>
        The server stopped while “{title}” was running, so it is not known whether it took effect. Repeating it may do
        it twice.
      </>
    )
  }
  const effect = ask?.destructive
    ? ' It says that it may change or delete things.'
    : ask?.readOnly
      ? ' It says that it only reads.'
      : ' It may change things outside of Parley.'
  return (
    <>
      The model wants to run “{title}” of {serverName}.{effect}
    </>
  )
}

function readJson(text: string): { arguments: Record<string, unknown> } | { problems: Record<string, string> } {
  const value = parseJson(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { problems: { '': 'Has to be a JSON object.' } }
  }
  return { arguments: value as Record<string, unknown> }
}

function ArgumentField({
  field,
  value,
  error,
  onChange,
}: {
  field: SchemaField
  value: string
  error: string | undefined
  onChange: (value: string) => void
}) {
  const label = field.required ? field.label : `${field.label} (optional)`
  const common = { label, hint: field.description || undefined, error, value }
  if (field.kind === 'choice' || field.kind === 'boolean') {
    const choices = field.kind === 'boolean' ? ['true', 'false'] : field.choices
    const names: Record<string, string> = field.kind === 'boolean' ? { true: 'Yes', false: 'No' } : {}
    return (
      <Select
        {...common}
        options={[
          { value: '', label: 'Choose…' },
          ...choices.map((choice) => ({ value: choice, label: names[choice] ?? choice })),
        ]}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    )
  }
  if (field.kind === 'json') {
    return (
      <TextField
        {...common}
        multiline
        rows={3}
        spellCheck={false}
        className="[&_textarea]:font-mono [&_textarea]:text-sm"
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    )
  }
  return (
    <TextField
      {...common}
      inputMode={field.kind === 'number' ? 'decimal' : undefined}
      onChange={(event) => onChange(event.currentTarget.value)}
    />
  )
}
