import type { Grant, Level } from '@parley/contract'
import { IconButton } from '@parley/ui'
import { X } from 'lucide-react'
import { aboutSubject, SubjectIcon } from './subject-picker.tsx'

export interface LevelChoice {
  level: Level
  label: string
}

/** Whom something is shared with, each with a level that can be changed, and a way to take it back. */
export function GrantList({
  grants,
  choices,
  mayManage,
  myId,
  leave,
  onLevel,
  onRemove,
}: {
  grants: readonly Grant[]
  choices: readonly LevelChoice[]
  mayManage: boolean
  /** Who looks at it may give up their own. */
  myId: string | undefined
  /** What that is called. */
  leave?: string
  onLevel: (grant: Grant, level: Level) => void
  onRemove: (grant: Grant) => void
}) {
  return (
    <ul aria-label="Shared with" className="flex flex-col gap-1">
      {grants.map((grant) => {
        const mine = grant.subject.kind === 'user' && grant.subject.id === myId
        return (
          <li key={grant.id} className="flex flex-wrap items-center gap-x-3 gap-y-1 rounded-md py-1">
            <SubjectIcon kind={grant.subject.kind} />
            <span className="min-w-0 flex-1 basis-32 text-sm">
              <span className="block truncate">
                {grant.name}
                {mine && ' (you)'}
              </span>
              <span className="block truncate text-text-muted text-xs">{aboutSubject(grant)}</span>
            </span>
            <span className="ms-auto flex items-center gap-1">
              {mayManage ? (
                <LevelSelect
                  label={`What ${grant.name} may do`}
                  choices={choices}
                  value={grant.level}
                  onChange={(level) => onLevel(grant, level)}
                />
              ) : (
                <span className="text-sm text-text-muted">
                  {choices.find(({ level }) => level === grant.level)?.label ?? grant.level}
                </span>
              )}
              {(mayManage || mine) && (
                <IconButton
                  label={mine && leave ? leave : `Remove ${grant.name}`}
                  size="small"
                  tooltip={false}
                  onClick={() => onRemove(grant)}
                >
                  <X />
                </IconButton>
              )}
            </span>
          </li>
        )
      })}
    </ul>
  )
}

export function LevelSelect({
  label,
  choices,
  value,
  onChange,
}: {
  label: string
  choices: readonly LevelChoice[]
  value: Level
  onChange: (level: Level) => void
}) {
  return (
    <select
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value as Level)}
      className="h-9 shrink-0 cursor-pointer rounded-sm border border-border-strong bg-raised px-2 text-sm"
    >
      {choices.map((choice) => (
        <option key={choice.level} value={choice.level}>
          {choice.label}
        </option>
      ))}
    </select>
  )
}
