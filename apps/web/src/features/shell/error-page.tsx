import { Button, EmptyState } from '@parley/ui'
import { type ErrorComponentProps, Link } from '@tanstack/react-router'
import { CloudOff, Compass } from 'lucide-react'
import { explainError } from './explain-error.ts'
import { useTitle } from './use-title.ts'

export function NotFoundPage() {
  useTitle('Not found')
  return (
    <main id="main" tabIndex={-1} className="grid min-h-full flex-1 place-items-center">
      <h1 className="sr-only">Not found</h1>
      <EmptyState
        icon={<Compass />}
        title="There is nothing here"
        actions={
          <Link
            to="/"
            className="inline-flex h-10 items-center rounded-md bg-accent px-4 font-medium text-accent-contrast text-sm hover:bg-accent-hover"
          >
            Back to your chats
          </Link>
        }
      >
        The page does not exist, or it is not yours to see.
      </EmptyState>
    </main>
  )
}

export function ErrorPage({ error, reset }: ErrorComponentProps) {
  useTitle('Something went wrong')
  return (
    <main id="main" tabIndex={-1} className="grid min-h-full flex-1 place-items-center">
      <h1 className="sr-only">Something went wrong</h1>
      <EmptyState
        icon={<CloudOff />}
        title="This did not load"
        actions={
          <Button variant="primary" onClick={reset}>
            Try again
          </Button>
        }
      >
        {explainError(error)}
      </EmptyState>
    </main>
  )
}
