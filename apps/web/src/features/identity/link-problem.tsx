import { Callout, Skeleton } from '@parley/ui'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { explainError } from '../shell/explain-error.ts'
import { AuthPage } from './auth-page.tsx'

export const textLink = 'font-medium text-accent underline underline-offset-4'

/** While it is found out what a link is for, and when it works no more. */
export function LinkProblem({ error, remedy }: { error: unknown; remedy: ReactNode }) {
  if (!error) {
    return (
      <AuthPage title="One moment" lead="Looking at your link.">
        <Skeleton label="Looking at your link" />
      </AuthPage>
    )
  }
  return (
    <AuthPage title="This link does not work" lead={remedy}>
      <Callout tone="danger" live>
        {explainError(error)}
      </Callout>
      <p className="mt-6">
        <Link to="/login" className={textLink}>
          Go to sign-in
        </Link>
      </p>
    </AuthPage>
  )
}

/** After a mail was asked for. What it says is the same for every address. */
export function MailSent({ email, children }: { email: string; children: ReactNode }) {
  return (
    <AuthPage title="Look into your inbox" lead={children}>
      <p>
        The mail goes to <strong className="break-all">{email}</strong>. If nothing comes in a few minutes, look among
        the unwanted mail, and check that the address is right.
      </p>
      <p className="mt-6">
        <Link to="/login" className={textLink}>
          Back to sign-in
        </Link>
      </p>
    </AuthPage>
  )
}
