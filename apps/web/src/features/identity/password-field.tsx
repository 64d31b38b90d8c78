import { classNames, TextField } from '@parley/ui'
import { passwordStrength } from './password-strength.ts'

const colors = ['bg-border', 'bg-danger', 'bg-warning', 'bg-accent', 'bg-success']

/** A new password with a hint of how strong it is. */
export function PasswordField({
  label = 'Password',
  name,
  value,
  onChange,
  error,
}: {
  label?: string
  name: string
  value: string
  onChange: (value: string) => void
  error?: string
}) {
  const { score, hint } = passwordStrength(value)
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
