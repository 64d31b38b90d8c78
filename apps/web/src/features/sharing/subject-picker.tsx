import type { ShareableWith } from '@parley/contract'
import { classNames, Spinner } from '@parley/ui'
import { useQuery } from '@tanstack/react-query'
import { UserRound, UsersRound } from 'lucide-react'
import { type KeyboardEvent, useDeferredValue, useEffect, useId, useRef, useState } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'

/** Finds a person or a group by words of the name; arrow keys walk the list, Enter takes one. */
export function SubjectPicker({
  label,
  placeholder,
  only,
  without,
  onPick,
}: {
  label: string
  placeholder: string
  /** Leaves out the other kind. */
  only?: ShareableWith['kind']
  /** Ids that are not to be found: they are in already. */
  without: ReadonlySet<string>
  onPick: (subject: ShareableWith) => void
}) {
  const id = useId()
  const [text, setText] = useState('')
  const [open, setOpen] = useState(false)
  const [at, setAt] = useState(0)
  const search = useDeferredValue(text.trim())
  const closeAfterPress = useCloseAfterPress(() => setOpen(false))
  const found = useQuery({
    queryKey: ['shareable-with', search],
    queryFn: ({ signal }) => parley.shareableWith({ search, limit: 50 }, { signal }),
    enabled: open,
    placeholderData: (before) => before,
  })
  const options = (found.data?.data ?? [])
    .filter((subject) => !without.has(subject.id) && (only === undefined || subject.kind === only))
    .slice(0, 8)
  const active = options[Math.min(at, options.length - 1)]
  const pick = (subject: ShareableWith) => {
    onPick(subject)
    setText('')
    setAt(0)
    setOpen(false)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      setOpen(true)
      const by = event.key === 'ArrowDown' ? 1 : -1
      setAt((current) => Math.max(0, Math.min(options.length - 1, current + by)))
    } else if (event.key === 'Enter' && open && !event.nativeEvent.isComposing) {
      event.preventDefault()
      if (active) pick(active)
    } else if (event.key === 'Escape' && open) {
      event.stopPropagation()
      setOpen(false)
    }
  }
  return (
    <div className="relative">
      <label htmlFor={id} className="mb-1.5 block font-medium text-sm">
        {label}
      </label>
      <input
        id={id}
        type="text"
        role="combobox"
        aria-expanded={open}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={open && active ? `${id}-${active.id}` : undefined}
        autoComplete="off"
        placeholder={placeholder}
        value={text}
        maxLength={100}
        onChange={(event) => {
          setText(event.currentTarget.value)
          setAt(0)
          setOpen(true)
        }}
        onClick={() => setOpen(true)}
        onBlur={closeAfterPress}
        onKeyDown={onKeyDown}
        className="h-10 w-full rounded-md border border-border-strong bg-raised px-3 placeholder:text-text-faint hover:border-text-muted"
      />
      <div
        id={`${id}-list`}
        role="listbox"
        aria-label={label}
        hidden={!open}
        className="mt-1 max-h-72 overflow-y-auto rounded-md border border-border bg-raised p-1 shadow-overlay"
      >
        {options.map((subject) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the focus and takes the keys.
          <div
            key={subject.id}
            id={`${id}-${subject.id}`}
            role="option"
            tabIndex={-1}
            aria-selected={subject === active}
            // The field keeps the focus, else it would close the list before the press counts.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => pick(subject)}
            className={classNames(
              'flex cursor-pointer items-center gap-3 rounded-sm px-2.5 py-1.5 text-sm',
              subject === active && 'bg-accent-soft',
            )}
          >
            <SubjectIcon kind={subject.kind} />
            <span className="min-w-0 flex-1">
              <span className="block truncate">{subject.name}</span>
              <span className="block truncate text-text-muted text-xs">{aboutSubject(subject)}</span>
            </span>
          </div>
        ))}
        {options.length === 0 && (
          <div
            role="option"
            aria-selected="false"
            aria-disabled="true"
            tabIndex={-1}
            className="px-2.5 py-2 text-sm text-text-muted"
          >
            {found.error ? explainError(found.error) : found.isPending ? <Spinner /> : 'Nobody else of that name.'}
          </div>
        )}
      </div>
    </div>
  )
}

/**
 * Closes now, or when the mouse button that is down comes up again: what is pressed beside the list must not move away
 * from under the press.
 */
function useCloseAfterPress(close: () => void): () => void {
  const pressed = useRef(false)
  useEffect(() => {
    const down = () => {
      pressed.current = true
    }
    const up = () => {
      pressed.current = false
    }
    window.addEventListener('pointerdown', down, true)
    window.addEventListener('pointerup', up, true)
    window.addEventListener('pointercancel', up, true)
    return () => {
      window.removeEventListener('pointerdown', down, true)
      window.removeEventListener('pointerup', up, true)
      window.removeEventListener('pointercancel', up, true)
    }
  }, [])
  return () => {
    if (!pressed.current) return close()
    // The click comes right after.
    window.addEventListener('pointerup', () => setTimeout(close), { once: true })
  }
}

/** A person's address, or how many a group has. */
export function aboutSubject({ email, memberCount }: { email: string | null; memberCount: number | null }): string {
  if (email !== null) return email
  if (memberCount === null) return ''
  return memberCount === 1 ? 'Group of 1 person' : `Group of ${memberCount} people`
}

export function SubjectIcon({ kind }: { kind: 'user' | 'group' | 'workspace' }) {
  const Icon = kind === 'user' ? UserRound : UsersRound
  return (
    <span
      aria-hidden="true"
      className="grid size-8 shrink-0 place-items-center rounded-full bg-accent-soft text-accent [&_svg]:size-4"
    >
      <Icon />
    </span>
  )
}
