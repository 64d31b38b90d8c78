import type { ConversationPreset, Preset } from '@parley/contract'
import { randomKey } from '@parley/sdk'
import { Button, Callout, LogoMark } from '@parley/ui'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { ArrowUpRight } from 'lucide-react'
import { useRef, useState } from 'react'
import { parley } from '../../parley.ts'
import { useMay, useMe } from '../identity/me.ts'
import { useModels } from '../models/list-models.ts'
import { getPreset } from '../presets/list-presets.ts'
import { explainError, refusedForGood } from '../shell/explain-error.ts'
import { useTitle } from '../shell/use-title.ts'
import { type Composed, Composer } from './composer.tsx'
import { sendMessage } from './unsent.ts'

const guidePrompts = [
  'How do I connect a model?',
  'How do I add an MCP server?',
  'What can Parley do?',
  'How are tool calls approved?',
]
const modelPrompts = [
  'Summarise a text I will paste, in five points',
  'Explain how TLS certificates work, with an example',
  'Draft a friendly reminder for an overdue invoice',
  'Compare three ways to structure a weekly team meeting',
]

export function NewChatView() {
  useTitle(undefined)
  const me = useMe()
  const models = useModels()
  const mayManage = useMay('models:manage')
  const navigate = useNavigate()
  const client = useQueryClient()
  const [model, setModel] = useState<string | null>(null)
  const [prompt, setPrompt] = useState<string>()
  const key = useRef(randomKey())
  const { preset: presetId } = useSearch({ strict: false }) as { preset?: string }
  const preset = useQuery({ ...getPreset(presetId ?? ''), enabled: presetId !== undefined, retry: false })
  const choosePreset = (id: string | null) => {
    // Its model goes before the one that was chosen so far.
    setModel(null)
    void navigate({ to: '/', search: id === null ? {} : { preset: id }, replace: true })
  }
  const isRefused = preset.data ? preset.data.level === 'view' : refusedForGood(preset.error)
  const onlyGuide = models.length > 0 && models.every(({ protocol }) => protocol === 'guide')

  const start = useMutation({
    mutationFn: async (composed: Composed) => {
      // The key stays the same until it worked, so that trying again makes no second conversation.
      const conversation = await parley.conversations.create(
        { model, presetId: isRefused ? null : presetId },
        { idempotencyKey: key.current },
      )
      key.current = randomKey()
      return { conversation, composed }
    },
    onSuccess: async ({ conversation, composed }) => {
      client.setQueryData(['conversation', conversation.id], conversation)
      client.setQueryData(['messages', conversation.id], {
        pages: [{ data: [], nextCursor: null }],
        pageParams: [undefined],
      })
      sendMessage({ ...composed, conversationId: conversation.id, parentId: null, model })
      await navigate({ to: '/c/$id', params: { id: conversation.id } })
    },
  })

  return (
    <main id="main" tabIndex={-1} className="flex min-h-0 flex-1 flex-col overflow-y-auto outline-none">
      <div className="mx-auto flex w-full max-w-3xl flex-1 flex-col justify-center gap-8 px-4 py-8 sm:px-6">
        <div className="rise text-center">
          <LogoMark className="mx-auto mb-5 size-14" />
          <h1 className="font-display text-3xl tracking-tight sm:text-4xl">
            {greeting()}
            {me && `, ${me.name.split(' ')[0]}`}
          </h1>
          <p className="mt-3 text-text-muted">What shall we talk through?</p>
        </div>
        {onlyGuide && (
          <Callout
            title="You are talking to the built-in guide"
            actions={
              mayManage && (
                <Link
                  to="/settings/models"
                  className="inline-flex h-8 items-center rounded-sm bg-accent px-3 font-medium text-accent-contrast text-sm hover:bg-accent-hover"
                >
                  Connect a model
                </Link>
              )
            }
          >
            It answers from Parley’s manual and can run your tools, but it is not a language model.{' '}
            {mayManage ? 'Connect one to talk about anything else.' : 'Ask the owner of this workspace to connect one.'}
          </Callout>
        )}
        <div>
          {start.error && (
            <Callout tone="danger" live className="mb-3">
              {explainError(start.error)} Your message is still below.
            </Callout>
          )}
          {presetId !== undefined && isRefused && (
            <Callout
              tone="warning"
              live
              className="mb-3"
              title="This preset is not here for you"
              actions={
                <Button size="small" onClick={() => choosePreset(null)}>
                  Go on without it
                </Button>
              }
            >
              It was deleted, or is not shared with you to chat with. Ask whoever gave you the link.
            </Callout>
          )}
          <Composer
            conversationId={undefined}
            models={models}
            model={model}
            onModel={setModel}
            preset={shownPreset(presetId, preset.data, isRefused)}
            onPreset={choosePreset}
            onSend={(composed) => start.mutateAsync(composed)}
            prompt={prompt}
            autoFocus
          />
          <ul className="mt-6 grid gap-2.5 sm:grid-cols-2">
            {(onlyGuide ? guidePrompts : modelPrompts).map((text) => (
              <li key={text}>
                <button
                  type="button"
                  onClick={() => setPrompt(text)}
                  className="group flex h-full w-full cursor-pointer items-start gap-3 rounded-md border border-border bg-surface px-4 py-3 text-start text-sm text-text-muted transition-colors hover:border-border-strong hover:bg-raised hover:text-text"
                >
                  <span className="flex-1">{text}</span>
                  <ArrowUpRight aria-hidden="true" className="mt-0.5 size-4 text-text-faint rtl:-scale-x-100" />
                </button>
              </li>
            ))}
          </ul>
        </div>
      </div>
    </main>
  )
}

/** The preset that the address names, as a conversation would have it. */
function shownPreset(id: string | undefined, found: Preset | undefined, isRefused: boolean): ConversationPreset | null {
  if (id === undefined) return null
  if (!found) return { id, name: isRefused ? null : '…', model: null, usable: !isRefused }
  return { id, name: found.name, model: found.model, usable: !isRefused }
}

function greeting(): string {
  const hour = new Date().getHours()
  if (hour < 5) return 'Good night'
  if (hour < 12) return 'Good morning'
  return hour < 18 ? 'Good afternoon' : 'Good evening'
}
