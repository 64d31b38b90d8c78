import type { ApiKey } from '@parley/contract'
import { Badge, IconButton, Menu, MenuItem, MenuSeparator } from '@parley/ui'
import { MoreHorizontal, Pencil, RotateCw, Trash2 } from 'lucide-react'
import { formatDate, formatMoment } from '../../shell/format.ts'
import { scopeNames } from './key-scopes.ts'
import { kinds } from './resource-picker.tsx'

/** A key with its state, and what can be done with it. */
export function KeyRow({
  of: key,
  onEdit,
  onRotate,
  onRevoke,
}: {
  of: ApiKey
  onEdit: () => void
  onRotate: () => void
  onRevoke: () => void
}) {
  return (
    <li className="flex items-start gap-x-4 px-5 py-4">
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1.5">
          <span className="font-medium">{key.name}</span>
          <Badges of={key} />
        </p>
        <p className="mt-1 text-sm text-text-muted">
          <code className="font-mono text-xs">{key.prefix}…</code> · made {formatDate(key.createdAt)} · {lastUse(key)}
        </p>
        {key.formerSecrets.map((former) => (
          <p key={former.prefix} className="mt-1 text-sm text-text-muted">
            <code className="font-mono text-xs">{former.prefix}…</code> · old secret, works until{' '}
            {formatMoment(former.goodUntil)} ·{' '}
            {former.lastUsedAt ? `last used ${formatDate(former.lastUsedAt)}` : 'not used since'}
          </p>
        ))}
        {key.leakedAt && (
          <p className="mt-1 text-danger text-sm">
            Someone reported on {formatDate(key.leakedAt)} that this key had leaked, so it was revoked. Make a new one.
          </p>
        )}
      </div>
      {!key.leakedAt && (
        <Menu
          align="end"
          trigger={
            <IconButton label={`More for ${key.name}`} size="small">
              <MoreHorizontal />
            </IconButton>
          }
        >
          <MenuItem icon={<Pencil />} onSelect={onEdit}>
            Change
          </MenuItem>
          <MenuItem icon={<RotateCw />} onSelect={onRotate}>
            Rotate
          </MenuItem>
          <MenuSeparator />
          <MenuItem icon={<Trash2 />} danger onSelect={onRevoke}>
            Revoke
          </MenuItem>
        </Menu>
      )}
    </li>
  )
}

function Badges({ of: key }: { of: ApiKey }) {
  const [only] = key.scopes
  return (
    <>
      {key.leakedAt && <Badge tone="danger">leaked, revoked</Badge>}
      {key.expiresAt && <Expiry at={key.expiresAt} />}
      <Badge>{key.scopes.length === 1 && only ? scopeNames[only] : `${key.scopes.length} permissions`}</Badge>
      {kinds.map(({ kind, name, one }) => {
        const count = key.resources[kind]?.length
        return count === undefined ? null : <Badge key={kind}>{`${count} ${count === 1 ? one : name}`}</Badge>
      })}
      {key.allowedAddresses.length > 0 && (
        <Badge>
          {key.allowedAddresses.length === 1 ? key.allowedAddresses[0] : `${key.allowedAddresses.length} addresses`}
        </Badge>
      )}
      {key.signing && <Badge tone="accent">signed</Badge>}
    </>
  )
}

function Expiry({ at }: { at: string }) {
  const leftMs = Date.parse(at) - Date.now()
  if (leftMs < 0) return <Badge tone="danger">expired</Badge>
  return <Badge tone={leftMs < 7 * 86_400_000 ? 'warning' : 'neutral'}>until {formatDate(at)}</Badge>
}

function lastUse({ lastUsedAt, lastUsedAddress }: ApiKey): string {
  if (!lastUsedAt) return 'never used'
  return `last used ${formatDate(lastUsedAt)}${lastUsedAddress ? ` from ${lastUsedAddress}` : ''}`
}
