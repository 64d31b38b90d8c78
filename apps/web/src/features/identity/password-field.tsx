import { classNames, TextField } from '@parley/ui'
import { useQuery } from '@tanstack/react-query'
import { useDeferredValue, useEffect, useState } from 'react'
import { parley } from '../../parley.ts'
import { passwordStrength, type Strength } from './password-strength.ts'

const colors = ['bg-border', 'bg-danger', 'bg-warning', 'bg-accent', 'bg-success']
const pauseMs = 500

/** A new password with a hint of how strong it is. `personal`: name and address, which are easy to guess. */
export function PasswordField({
  label = 'Password',
  name,
  value,
  onChange,
  personal = [],
  error,
}: {
  label?: string
  name: string
  value: string
  onChange: (value: string) => void
  personal?: string[]
  error?: string
}) {
  const { score, hint } = useStrength(value, personal)
  return (
    <div className="flex flex-col gap-2">
      <TextField
        label={label}
        name={name}
        type="password"
        autoComplete="new-password"
        minLength={10}
        maxLength={200}
        required
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        error={error}
        hint={hint}
      />
      <div aria-hidden="true" className="grid grid-cols-4 gap-1.5">
        {[1, 2, 3, 4].map((step) => (
          <span
            key={step}
            className={classNames('h-1 rounded-full transition-colors', step <= score ? colors[score] : 'bg-border')}
          />
        ))}
      </div>
    </div>
  )
}

/** A rough idea at once, and after a pause in the typing what the server says, which knows what was stolen elsewhere. */
function useStrength(password: string, personal: string[]): Strength {
  const settled = useSettled(password)
  const known = useDeferredValue(personal.filter(Boolean).join('\n'))
  const rating = useQuery({
    queryKey: ['password-rating', settled, known],
    queryFn: ({ signal }) =>
      parley.auth.ratePassword({ password: settled, personal: known.split('\n').slice(0, 10) }, { signal }),
    enabled: settled.length >= 10 && settled.length <= 200,
    gcTime: 0,
    retry: false,
  })
  const rough = passwordStrength(password)
  if (settled !== password || !rating.data || rough.score === 0) return rough
  const { accepted, score, warning, suggestions } = rating.data
  if (accepted) return { score: score === 4 ? 4 : 3, hint: score === 4 ? 'Strong.' : 'Good.' }
  return { score: score === 2 ? 2 : 1, hint: [warning ?? 'Easy to guess.', ...suggestions].join(' ') }
}

function useSettled(value: string): string {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), pauseMs)
    return () => clearTimeout(timer)
  }, [value])
  return settled
}
