import type { LinkInfo, User } from '@parley/contract'
import { Button, Callout } from '@parley/ui'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useEffect } from 'react'
import { parley } from '../../parley.ts'
import { explainError } from '../shell/explain-error.ts'
import { useTitle } from '../shell/use-title.ts'
import { AuthPage } from './auth-page.tsx'
import { useLinkInfo } from './inspect-link.ts'
import { LinkProblem, textLink } from './link-problem.tsx'
import { findMe } from './me.ts'
import { NewAccountForm } from './new-account-form.tsx'
import { AskForLink } from './sign-up-page.tsx'
import { useLinkToken } from './use-link-token.ts'
import { startAnew } from './workspaces.ts'

// Over the sign-in, where the address would show it to the server.
const waiting = 'parley.invitation'

/** Accepts an invitation: with the account that is signed in, another one, or a new one. */
export function InvitationPage() {
  useTitle('Invitation')
  const inAddress = useLinkToken()
  const token = inAddress ?? sessionStorage.getItem(waiting) ?? undefined
  useEffect(() => {
    if (inAddress !== undefined) sessionStorage.setItem(waiting, inAddress)
  }, [inAddress])
  const link = useLinkInfo(token)
  const me = useQuery(findMe)
  const setup = useQuery({ queryKey: ['setup'], queryFn: ({ signal }) => parley.auth.setup({ signal }) })
  if (!link.data?.invitation || token === undefined || me.isPending || !setup.data) {
    return <LinkProblem error={link.error} remedy="It was used, revoked, or is too old. Ask for a new invitation." />
  }
  const { invitation, email, hasAccount } = link.data
  const title = `Join ${invitation.workspace}`
  const lead = `${invitation.invitedBy ?? 'Somebody'} invites you, as ${invitation.role.toLowerCase()}.`
  if (me.data) return <Join token={token} link={link.data} me={me.data} title={title} lead={lead} />
  const signIn = (
    <p className="mt-6 text-text-muted">
      You have an account?{' '}
      <Link to="/login" search={{ next: '/invitation' }} className={textLink}>
        Sign in to accept
      </Link>
    </p>
  )
  if (hasAccount) {
    return (
      <AuthPage title={title} lead={lead}>
        <p>
          There is an account for <strong className="break-all">{email}</strong>.
        </p>
        {signIn}
      </AuthPage>
    )
  }
  if (email === null && setup.data.sendsMail) return <AskForLink title={title} lead={lead} invitation={token} />
  return (
    <AuthPage title={title} lead={lead}>
      <NewAccountForm proof={{ invitation: token }} email={email} />
      {signIn}
    </AuthPage>
  )
}

function Join({
  token,
  link,
  me,
  title,
  lead,
}: {
  token: string
  link: LinkInfo
  me: User
  title: string
  lead: string
}) {
  const accept = useMutation({
    mutationFn: () => parley.me.acceptInvitation(token),
    onSuccess: () => {
      sessionStorage.removeItem(waiting)
      startAnew()
    },
  })
  const another = useMutation({
    mutationFn: () => parley.auth.logout(),
    onSuccess: () => window.location.assign('/login?next=%2Finvitation'),
  })
  const isForOther = link.email !== null && link.email !== me.email
  return (
    <AuthPage title={title} lead={lead}>
      <div className="flex flex-col gap-5">
        {accept.error && (
          <Callout tone="danger" live>
            {explainError(accept.error)}
          </Callout>
        )}
        {isForOther ? (
          <p>
            The invitation is for <strong className="break-all">{link.email}</strong>, and you are signed in as{' '}
            <strong className="break-all">{me.email}</strong>.
          </p>
        ) : (
          <Button variant="primary" size="large" loading={accept.isPending} onClick={() => accept.mutate()}>
            Join as {me.name}
          </Button>
        )}
        <Button loading={another.isPending} onClick={() => another.mutate()}>
          Use another account
        </Button>
        <Link to="/" className={textLink}>
          Not now
        </Link>
      </div>
    </AuthPage>
  )
}
