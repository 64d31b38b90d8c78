import type { Scope } from '@parley/contract'
import { Link, Outlet, useLocation } from '@tanstack/react-router'
import {
  Bot,
  Boxes,
  ChartColumnStacked,
  ChartNoAxesColumn,
  EyeOff,
  FolderSync,
  Gauge,
  Globe,
  KeyRound,
  LogIn,
  type LucideIcon,
  MonitorSmartphone,
  Plug,
  ReceiptText,
  ScrollText,
  ShieldCheck,
  SlidersHorizontal,
  UserCog,
  UserRound,
  Users,
  UsersRound,
  Wallet,
  Waypoints,
} from 'lucide-react'
import { useEffect, useRef } from 'react'
import { useMe } from '../identity/me.ts'

interface Page {
  to:
    | '/settings/profile'
    | '/settings/security'
    | '/settings/sessions'
    | '/settings/api-keys'
    | '/settings/models'
    | '/settings/presets'
    | '/settings/mcp-servers'
    | '/settings/outgoing-requests'
    | '/settings/privacy'
    | '/settings/people'
    | '/settings/roles'
    | '/settings/groups'
    | '/settings/service-accounts'
    | '/settings/sign-in'
    | '/settings/provisioning'
    | '/settings/web-origins'
    | '/settings/usage'
    | '/settings/workspace-usage'
    | '/settings/budgets'
    | '/settings/limits'
    | '/settings/billing'
    | '/settings/audit'
  label: string
  icon: LucideIcon
  /** Only for those who may this. */
  needs?: Scope
}

const groups: { name: string; pages: Page[] }[] = [
  {
    name: 'Account',
    pages: [
      { to: '/settings/profile', label: 'Profile', icon: UserRound },
      { to: '/settings/security', label: 'Security', icon: ShieldCheck },
      { to: '/settings/sessions', label: 'Sessions', icon: MonitorSmartphone },
      { to: '/settings/api-keys', label: 'API keys', icon: KeyRound },
      { to: '/settings/usage', label: 'Your usage', icon: ChartNoAxesColumn },
    ],
  },
  {
    name: 'Workspace',
    pages: [
      { to: '/settings/models', label: 'Models', icon: Boxes },
      { to: '/settings/presets', label: 'Presets', icon: SlidersHorizontal, needs: 'presets:read' },
      { to: '/settings/mcp-servers', label: 'MCP servers', icon: Plug },
      { to: '/settings/outgoing-requests', label: 'Outgoing requests', icon: Waypoints, needs: 'workspace:manage' },
      { to: '/settings/privacy', label: 'Privacy filter', icon: EyeOff, needs: 'workspace:manage' },
      { to: '/settings/web-origins', label: 'Web origins', icon: Globe, needs: 'workspace:manage' },
      { to: '/settings/audit', label: 'Audit log', icon: ScrollText, needs: 'audit:read' },
    ],
  },
  {
    name: 'Team',
    pages: [
      { to: '/settings/people', label: 'People', icon: Users, needs: 'people:read' },
      { to: '/settings/roles', label: 'Roles', icon: UserCog, needs: 'people:read' },
      { to: '/settings/groups', label: 'Groups', icon: UsersRound, needs: 'people:read' },
      { to: '/settings/service-accounts', label: 'Service accounts', icon: Bot },
      { to: '/settings/sign-in', label: 'Sign-in', icon: LogIn, needs: 'workspace:manage' },
      { to: '/settings/provisioning', label: 'Provisioning', icon: FolderSync },
    ],
  },
  {
    name: 'Usage and billing',
    pages: [
      { to: '/settings/workspace-usage', label: 'Usage', icon: ChartColumnStacked, needs: 'usage:read' },
      { to: '/settings/budgets', label: 'Budgets', icon: Wallet, needs: 'usage:read' },
      { to: '/settings/limits', label: 'Limits', icon: Gauge, needs: 'usage:read' },
      { to: '/settings/billing', label: 'Billing', icon: ReceiptText, needs: 'billing:read' },
    ],
  },
]

export function SettingsLayout() {
  const scopes = useMe()?.scopes ?? []
  const { pathname } = useLocation()
  const row = useRef<HTMLDivElement>(null)
  // On a phone the pages are one row, and the current one may be far along it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the address decides which link is current.
  useEffect(() => {
    const current = row.current?.querySelector('[aria-current="page"]')?.getBoundingClientRect()
    if (!row.current || !current) return
    // The row alone: beside a page, the list may be longer than the window, and the page has to stay at its beginning.
    const { left, width } = row.current.getBoundingClientRect()
    row.current.scrollLeft += current.left + current.width / 2 - (left + width / 2)
  }, [pathname])
  return (
    <main id="main" tabIndex={-1} className="min-h-0 flex-1 overflow-y-auto outline-none print:overflow-visible">
      <div className="mx-auto flex w-full max-w-5xl flex-col gap-6 px-4 py-6 sm:px-8 md:py-12 lg:flex-row lg:gap-12">
        <nav aria-label="Settings" className="lg:w-48 lg:shrink-0 print:hidden">
          <p className="mb-4 hidden font-display text-2xl lg:block">Settings</p>
          <div ref={row} className="-mx-1 flex gap-1 overflow-x-auto px-1 py-1 lg:flex-col lg:gap-5">
            {groups.map(({ name, pages }) => (
              <section key={name} aria-label={name}>
                <p aria-hidden="true" className="mb-1 hidden px-3 font-medium text-text-faint text-xs lg:block">
                  {name}
                </p>
                <ul className="flex gap-1 lg:flex-col">
                  {pages
                    .filter(({ needs }) => needs === undefined || scopes.includes(needs))
                    .map(({ to, label, icon: Icon }) => (
                      <li key={to}>
                        <Link
                          to={to}
                          className="flex items-center gap-2.5 whitespace-nowrap rounded-md px-3 py-2 text-sm"
                          activeProps={{ className: 'bg-accent-soft font-medium text-accent' }}
                          inactiveProps={{ className: 'text-text-muted hover:bg-sunken hover:text-text' }}
                        >
                          <Icon aria-hidden="true" className="size-4" />
                          {label}
                        </Link>
                      </li>
                    ))}
                </ul>
              </section>
            ))}
          </div>
        </nav>
        <div className="min-w-0 flex-1">
          <Outlet />
        </div>
      </div>
    </main>
  )
}
