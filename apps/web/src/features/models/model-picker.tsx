import type { Model } from '@parley/contract'
import { classNames } from '@parley/ui'
import { Brain, Check, Image, Search, Wrench } from 'lucide-react'
import { Popover } from 'radix-ui'
import { type KeyboardEvent, type ReactNode, useEffect, useId, useMemo, useRef, useState } from 'react'
import { formatShort } from '../shell/format.ts'

/** A searchable list of models by provider. The trigger takes a ref and props. */
export function ModelPicker({
  models,
  value,
  onChoose,
  trigger,
  align = 'start',
}: {
  models: readonly Model[]
  value: string | undefined
  onChoose: (model: Model) => void
  trigger: ReactNode
  align?: 'start' | 'end'
}) {
  const [open, setOpen] = useState(false)
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>{trigger}</Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align={align}
          side="top"
          sideOffset={8}
          collisionPadding={12}
          aria-label="Choose a model"
          className="z-50 flex max-h-[min(28rem,var(--radix-popover-content-available-height))] w-[min(24rem,calc(100vw-1.5rem))] flex-col overflow-hidden rounded-lg border border-border bg-raised text-text shadow-overlay outline-none"
        >
          <Choices
            models={models}
            value={value}
            onChoose={(model) => {
              setOpen(false)
              onChoose(model)
            }}
          />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}

function Choices({
  models,
  value,
  onChoose,
}: {
  models: readonly Model[]
  value: string | undefined
  onChoose: (model: Model) => void
}) {
  const id = useId()
  const [search, setSearch] = useState('')
  const found = useMemo(() => {
    const words = search.toLowerCase().split(/\s+/).filter(Boolean)
    return models.filter((model) => {
      const text = `${model.name} ${model.id} ${model.providerName}`.toLowerCase()
      return words.every((word) => text.includes(word))
    })
  }, [models, search])
  const [activeId, setActiveId] = useState(value)
  const at = Math.max(
    0,
    found.findIndex((model) => model.id === activeId),
  )
  const active = found[at]
  const list = useRef<HTMLDivElement>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: whichever choice is active stays in view.
  useEffect(() => {
    list.current?.querySelector('[data-active]')?.scrollIntoView({ block: 'nearest' })
  }, [active])

  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8, Home: -found.length, End: found.length }[
      event.key
    ]
    if (step !== undefined) {
      event.preventDefault()
      setActiveId(found[Math.min(found.length - 1, Math.max(0, at + step))]?.id)
    } else if (event.key === 'Enter' && active && !event.nativeEvent.isComposing) {
      event.preventDefault()
      onChoose(active)
    }
  }
  const groups = [...Map.groupBy(found, (model) => model.providerName)]
  return (
    <>
      <div className="relative border-border border-b">
        <Search aria-hidden="true" className="absolute inset-y-0 start-3.5 my-auto size-4 text-text-faint" />
        <input
          role="combobox"
          aria-label="Search models"
          aria-expanded="true"
          aria-controls={id}
          aria-activedescendant={active && `${id}-${active.id}`}
          aria-autocomplete="list"
          placeholder="Search models"
          value={search}
          onChange={(event) => setSearch(event.currentTarget.value)}
          onKeyDown={onKeyDown}
          className="h-11 w-full bg-transparent ps-10 pe-4 text-sm outline-none placeholder:text-text-faint"
        />
      </div>
      <div ref={list} id={id} role="listbox" aria-label="Models" className="overflow-y-auto p-1.5">
        {groups.map(([provider, members]) => (
          // biome-ignore lint/a11y/useSemanticElements: a group of options in a listbox.
          <div key={provider} role="group" aria-label={provider} className="mb-1">
            <p aria-hidden="true" className="px-2.5 pt-2 pb-1 font-medium text-text-faint text-xs">
              {provider}
            </p>
            {members.map((model) => (
              <Choice
                key={model.id}
                id={`${id}-${model.id}`}
                model={model}
                chosen={model.id === value}
                active={model === active}
                onActive={() => setActiveId(model.id)}
                onChoose={() => onChoose(model)}
              />
            ))}
          </div>
        ))}
      </div>
      {found.length === 0 && <p className="px-4 pb-6 text-center text-sm text-text-muted">No model matches.</p>}
    </>
  )
}

function Choice({
  id,
  model,
  chosen,
  active,
  onActive,
  onChoose,
}: {
  id: string
  model: Model
  chosen: boolean
  active: boolean
  onActive: () => void
  onChoose: () => void
}) {
  const { tools, images, reasoning } = model.capabilities
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the search field keeps the focus and names the active option.
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys are heard by the search field.
    <div
      id={id}
      role="option"
      aria-selected={chosen}
      data-active={active || undefined}
      onPointerMove={onActive}
      onClick={onChoose}
      className={classNames(
        'flex cursor-pointer items-center gap-2.5 rounded-sm px-2.5 py-2 text-sm',
        active && 'bg-accent-soft',
      )}
    >
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{model.name}</span>
        <span className="block truncate text-text-muted text-xs">
          {model.protocol === 'guide'
            ? 'Answers from the manual. Not a language model.'
            : `${formatShort(model.contextTokens)} context${priceOf(model)}`}
        </span>
      </span>
      <span className="flex gap-1.5 text-text-muted [&_svg]:size-3.5">
        {images && <Image aria-label="sees images" />}
        {tools && <Wrench aria-label="uses tools" />}
        {reasoning && <Brain aria-label="reasons" />}
      </span>
      <Check aria-hidden="true" className={classNames('size-4 text-accent', !chosen && 'invisible')} />
    </div>
  )
}

function priceOf({ price }: Model): string {
  if (!price) return ''
  const dollars = (microUsd: number) => `$${(microUsd / 1e6).toFixed(2).replace(/\.?0+$/, '')}`
  return ` · ${dollars(price.inputMicroUsd)} in, ${dollars(price.outputMicroUsd)} out per million`
}
