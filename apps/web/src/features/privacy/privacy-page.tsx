import type { Privacy, PrivacyMode, PrivateKind } from '@parley/contract'
import { Callout, EmptyState, Skeleton, useToast } from '@parley/ui'
import { queryOptions, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { formatCount } from '../shell/format.ts'
import { Panel, SettingsHead } from '../shell/settings-page.tsx'
import { useTitle } from '../shell/use-title.ts'

const readPrivacy = queryOptions({
  queryKey: ['privacy'],
  queryFn: ({ signal }) => parley.privacy.get({ signal }),
})

/** What happens to private data before a model's provider gets it. */
export function PrivacyPage() {
  useTitle('Privacy filter')
  const { data, error } = useQuery(readPrivacy)
  return (
    <>
      <SettingsHead title="Privacy filter">
        Parley can look for email addresses, phone and card numbers, bank accounts, national ids, IP addresses,
        passwords and keys before a model’s provider gets them.
      </SettingsHead>
      {error ? (
        <EmptyState title="This could not be loaded">{explainError(error)}</EmptyState>
      ) : data ? (
        <div className="flex flex-col gap-6">
          <ModePanel mode={data.mode} />
          <CountsPanel counts={data.counts} />
        </div>
      ) : (
        <Skeleton lines={6} />
      )}
    </>
  )
}

const modes: { value: PrivacyMode; label: string; hint: string }[] = [
  { value: 'off', label: 'Off', hint: 'Nothing is looked for.' },
  { value: 'warn', label: 'Warn', hint: 'Everything is sent, and the answer says what was found.' },
  {
    value: 'redact',
    label: 'Replace',
    hint: 'The provider gets placeholders. People see the originals, also in the answer, and tools get them.',
  },
  { value: 'block', label: 'Block', hint: 'The model is not asked, and the person is told what to leave out.' },
]

function ModePanel({ mode }: { mode: PrivacyMode }) {
  const client = useQueryClient()
  const toast = useToast()
  const [choice, setChoice] = useState<PrivacyMode>()
  const save = useMutation({
    // One after the other: what was chosen last stays.
    scope: { id: 'privacy' },
    mutationFn: (next: PrivacyMode) => parley.privacy.set(next),
    onSuccess: (saved) => {
      client.setQueryData(readPrivacy.queryKey, saved)
      toast({ message: 'Saved.', tone: 'success' })
    },
    onSettled: () => setChoice(undefined),
  })
  const chosen = choice ?? mode
  return (
    <Panel className="flex flex-col gap-4 p-5">
      {save.error && (
        <Callout tone="danger" live>
          {explainError(save.error)}
        </Callout>
      )}
      <fieldset aria-busy={save.isPending}>
        <legend className="mb-2 font-medium text-sm">What happens to them</legend>
        <div className="grid gap-2 sm:grid-cols-2">
          {modes.map(({ value, label, hint }) => (
            <label
              key={value}
              className="flex cursor-pointer items-start gap-3 rounded-md border border-border-strong/60 p-3 text-sm has-checked:border-accent has-checked:bg-accent-soft"
            >
              <input
                type="radio"
                name="mode"
                className="mt-0.5 accent-accent"
                checked={chosen === value}
                onChange={() => {
                  setChoice(value)
                  save.mutate(value)
                }}
              />
              <span>
                <span className="block font-medium">{label}</span>
                <span className="text-text-muted">{hint}</span>
              </span>
            </label>
          ))}
        </div>
      </fieldset>
      <p className="text-sm text-text-muted">
        No filter finds everything: names and addresses of streets are not looked for, nor is anything in pictures.
      </p>
    </Panel>
  )
}

const kinds: Record<PrivateKind, string> = {
  email: 'Email addresses',
  phone: 'Phone numbers',
  card: 'Card numbers',
  iban: 'Bank accounts',
  'national-id': 'National ids',
  'ip-address': 'IP addresses',
  secret: 'Passwords and keys',
}

function CountsPanel({ counts }: { counts: Privacy['counts'] }) {
  return (
    <Panel className="p-5">
      <h2 className="font-medium">Found in the last 30 days</h2>
      <p className="mt-1 text-sm text-text-muted">Only how many; what was found is not kept.</p>
      {counts.length === 0 ? (
        <p className="mt-4 text-sm">Nothing so far.</p>
      ) : (
        <dl className="mt-4 divide-y divide-border text-sm">
          {counts.map(({ kind, count }) => (
            <div key={kind} className="flex justify-between py-2">
              <dt>{kinds[kind]}</dt>
              <dd className="tabular-nums">{formatCount(count)}</dd>
            </div>
          ))}
        </dl>
      )}
    </Panel>
  )
}
