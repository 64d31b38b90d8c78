import { signInProblems } from '@parley/contract'
import { getRouteApi, Link } from '@tanstack/react-router'
import { useTitle } from '../../shell/use-title.ts'
import { AuthPage } from '../auth-page.tsx'

const route = getRouteApi('/login/problem')

/** A sign-in through a provider was refused: why, and what to do. */
export function SignInProblemPage() {
  const { problem, ref } = route.useSearch()
  const { title, advice } = signInProblems[problem]
  useTitle(title)
  return (
    <AuthPage title={title} lead={advice}>
      <Link
        to="/login"
        className="inline-flex h-12 w-full items-center justify-center rounded-md bg-accent px-6 font-medium text-accent-contrast hover:bg-accent-hover"
      >
        Back to sign-in
      </Link>
      {ref && (
        <p className="mt-6 text-sm text-text-muted">
          The server’s log has more under <span className="break-all font-mono">{ref}</span>.
        </p>
      )}
    </AuthPage>
  )
}
