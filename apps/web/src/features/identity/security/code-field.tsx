import { TextField } from '@parley/ui'

/** For the code of an authenticator app, which browsers and keyboards then offer by themselves. */
export function CodeField({ error, autoFocus }: { error?: string; autoFocus?: boolean }) {
  return (
    <TextField
      label="Code from your authenticator app"
      name="code"
      inputMode="numeric"
      autoComplete="one-time-code"
      pattern="[0-9 ]{6,8}"
      title="Six digits"
      maxLength={8}
      required
      autoFocus={autoFocus}
      error={error}
      className="[&_input]:font-mono [&_input]:tracking-[0.3em]"
    />
  )
}
