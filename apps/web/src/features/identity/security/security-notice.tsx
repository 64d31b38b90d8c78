import { Link } from '@tanstack/react-router'
import { ShieldAlert } from 'lucide-react'
import { formatDate } from '../../shell/format.ts'
import { fewRecoveryCodes } from './recovery-codes-section.tsx'
import { useSecurity } from './security-query.ts'

/** Above every page: what the person should do about their account before it gets in their way. */
export function SecurityNotice() {
  const { data } = useSecurity()
  if (!data) return null
  const hasFactor = data.totpSince !== null || data.passkeys > 0
  const from = data.policy.requiredFrom
  if (data.policy.required && from && !hasFactor) {
    return (
      <Notice label="Set it up">
        From {formatDate(from)}, this workspace lets you in only with a second step beside your password.
      </Notice>
    )
  }
  if (hasFactor && data.recoveryCodesLeft <= fewRecoveryCodes) {
    const left = data.recoveryCodesLeft
    return (
      <Notice label="Make new ones">
        {left === 0
          ? 'You have no recovery codes left.'
          : `You have ${left === 1 ? 'one recovery code' : `${left} recovery codes`} left.`}
      </Notice>
    )
  }
  return null
}

function Notice({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <aside
      aria-label="Account security"
      className="flex flex-wrap items-center justify-center gap-x-2 bg-warning-soft px-4 py-1.5 text-center text-sm text-warning"
    >
      <ShieldAlert aria-hidden="true" className="size-4 shrink-0" />
      <p>{children}</p>
      <Link to="/settings/security" className="font-medium underline underline-offset-4">
        {label}
      </Link>
    </aside>
  )
}
