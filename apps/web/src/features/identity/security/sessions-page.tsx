import type { Session } from '@parley/contract'
import { Badge, Button, Callout, ConfirmDialog, Skeleton, useToast } from '@parley/ui'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Bot, Monitor, Smartphone, Tablet } from 'lucide-react'
import { useState } from 'react'
import { parley } from '../../../parley.ts'
import { formatMoment } from '../../shell/format.ts'
import { Panel, SettingsHead } from '../../shell/settings-page.tsx'
import { useTitle } from '../../shell/use-title.ts'
import { useSignOut } from '../sign-out.ts'
import { explainFailure } from './explain.ts'
import { listSessions } from './security-query.ts'

/** Where the person is signed in. */
export function SessionsPage() {
  useTitle('Sessions')
  const client = useQueryClient()
  const toast = useToast()
  const signOut = useSignOut()
  const sessions = useQuery({ ...listSessions, staleTime: 0 })
  const [revoking, setRevoking] = useState<Session | 'others'>()
  const others = (sessions.data ?? []).filter(({ current }) => !current)
  const revoke = async (what: Session | 'others') => {
    try {
      if (what === 'others') await parley.sessions.revokeOthers()
      else await parley.sessions.revoke(what.id)
      toast({ message: what === 'others' ? 'Signed out everywhere else.' : 'Signed out there.', tone: 'success' })
    } catch (error) {
      toast({ message: explainFailure(error) ?? '', tone: 'danger' })
    }
    await client.invalidateQueries({ queryKey: listSessions.queryKey })
  }
  return (
    <>
      <SettingsHead
        title="Sessions"
        action={
          others.length > 0 ? (
            <Button onClick={() => setRevoking('others')}>Sign out everywhere else</Button>
          ) : undefined
        }
      >
        Where you are signed in. If you do not know one of these, sign it out and change your password.
      </SettingsHead>
      {sessions.isPending && <Skeleton />}
      {sessions.error && <Callout tone="danger">{explainFailure(sessions.error)}</Callout>}
      {sessions.data && (
        <Panel>
          <ul aria-label="Your sessions" className="divide-y divide-border">
            {sessions.data.map((session) => (
              <SessionRow
                key={session.id}
                session={session}
                onRevoke={() => (session.current ? signOut.mutate() : setRevoking(session))}
              />
            ))}
          </ul>
        </Panel>
      )}
      <p className="mt-4 text-sm text-text-muted">
        The device is what the browser says of itself. Addresses are as this server sees them; it asks nobody where they
        are. A session ends 30 days after its last use.
      </p>
      <ConfirmDialog
        open={revoking !== undefined}
        onOpenChange={() => setRevoking(undefined)}
        title={revoking === 'others' ? 'Sign out everywhere else?' : 'Sign out there?'}
        description={
          revoking === 'others'
            ? `${others.length === 1 ? 'The other session ends' : `All ${others.length} other sessions end`} at once. You stay signed in here.`
            : 'That session ends at once, whatever is open there.'
        }
        confirmLabel="Sign out"
        danger
        onConfirm={() => (revoking ? revoke(revoking) : undefined)}
      />
    </>
  )
}

const icons = { computer: Monitor, phone: Smartphone, tablet: Tablet, program: Bot }
const networks = { 'this-server': 'on the server itself', private: 'private network', internet: 'internet' }

function SessionRow({ session, onRevoke }: { session: Session; onRevoke: () => void }) {
  const Icon = icons[session.device]
  const name = nameOf(session)
  const place = [
    session.address && (session.network ? `${session.address} (${networks[session.network]})` : session.address),
    session.timeZone?.replaceAll('_', ' '),
  ].filter(Boolean)
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-3 px-5 py-4">
      <Icon aria-hidden="true" className="size-6 shrink-0 text-text-muted" />
      <div className="min-w-48 flex-1">
        <p className="flex flex-wrap items-center gap-2 font-medium">
          {name} {session.current && <Badge tone="success">This one</Badge>}
          {session.secondFactor && <Badge>Two steps</Badge>}
        </p>
        {place.length > 0 && <p className="break-words text-sm text-text-muted">{place.join(' · ')}</p>}
        <p className="text-sm text-text-muted">
          Last used <time dateTime={session.lastUsedAt}>{formatMoment(session.lastUsedAt)}</time>, signed in{' '}
          <time dateTime={session.createdAt}>{formatMoment(session.createdAt)}</time>
        </p>
      </div>
      <Button
        variant="ghost"
        size="small"
        onClick={onRevoke}
        aria-label={
          session.current ? 'Sign out here' : `Sign out ${name}, last used ${formatMoment(session.lastUsedAt)}`
        }
      >
        Sign out
      </Button>
    </li>
  )
}

function nameOf({ browser, system, device }: Session): string {
  if (browser && system) return `${browser} on ${system}`
  return browser ?? system ?? (device === 'program' ? 'A program' : 'Unknown browser')
}
