import type { SignInKind } from '@parley/contract'
import { KeyRound } from 'lucide-react'

const letters: Record<Exclude<SignInKind, 'oidc'>, string> = { google: 'G', microsoft: 'M', github: 'GH' }

/** What a provider is recognised by at a glance; its name stands beside it. */
export function ProviderMark({ kind }: { kind: SignInKind }) {
  return (
    <span
      aria-hidden="true"
      className="grid size-6 shrink-0 place-items-center rounded-full bg-accent-soft font-semibold text-[0.65rem] text-accent [&_svg]:size-3.5"
    >
      {kind === 'oidc' ? <KeyRound /> : letters[kind]}
    </span>
  )
}
