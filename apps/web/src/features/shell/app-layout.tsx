import { IconButton, Logo } from '@parley/ui'
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router'
import { Menu as MenuIcon, SquarePen, WifiOff } from 'lucide-react'
import { type MouseEvent, useEffect, useState } from 'react'
import { Sidebar } from '../conversations/sidebar.tsx'
import { SecurityNotice } from '../identity/security/security-notice.tsx'
import { BillingBanner } from '../usage/billing/billing-banner.tsx'
import { BudgetBanner } from '../usage/budget-banner.tsx'
import { useChanges } from './follow-changes.ts'
import { useDrawer } from './use-drawer.ts'
import { useOffline } from './use-offline.ts'

/** The frame of every page behind the sign-in: skip link, sidebar (a drawer on phones), the page. */
export function AppLayout() {
  const navigate = useNavigate()
  const disconnected = useChanges()
  const offline = useOffline()
  const path = useRouterState({ select: (state) => state.location.pathname })
  const drawer = useDrawer()
  const [sidebarHidden, setSidebarHidden] = useState(() => localStorage.getItem('parley.sidebar') === 'hidden')
  const hideSidebar = (hidden: boolean) => {
    setSidebarHidden(hidden)
    localStorage.setItem('parley.sidebar', hidden ? 'hidden' : 'shown')
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: choosing a page closes the drawer.
  useEffect(() => drawer.close(), [path])

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.shiftKey && event.key.toLowerCase() === 'o') {
        event.preventDefault()
        void navigate({ to: '/' })
      }
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [navigate])

  /** Links in rendered Markdown that lead to a page of ours open without loading the page anew. */
  const onLinkClick = (event: MouseEvent) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>('.markdown a[href^="/"], a[data-own]')
    if (!link || link.target || event.defaultPrevented || event.metaKey || event.ctrlKey || event.button !== 0) return
    if (link.pathname.startsWith('/api/')) return
    event.preventDefault()
    void navigate({ href: link.pathname + link.search + link.hash })
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the links inside are what is pressed; this only hears of it.
    // biome-ignore lint/a11y/useKeyWithClickEvents: Enter on a link is a click.
    <div
      className="flex h-dvh overflow-hidden bg-bg text-text print:block print:h-auto print:overflow-visible"
      onClick={onLinkClick}
    >
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-accent px-4 py-2 text-accent-contrast focus:not-sr-only focus:fixed focus:start-3 focus:top-3"
      >
        Skip to content
      </a>
      {!sidebarHidden && (
        <div className="hidden w-72 shrink-0 border-border border-e md:block print:hidden">
          <Sidebar onHide={() => hideSidebar(true)} />
        </div>
      )}
      {drawer.open && (
        <dialog
          ref={drawer.ref}
          aria-label="Chats"
          onCancel={drawer.close}
          onClick={(event) => event.target === event.currentTarget && drawer.close()}
          onKeyDown={(event) => event.key === 'Escape' && drawer.close()}
          className="m-0 h-dvh max-h-none w-[min(20rem,85vw)] max-w-none border-border border-e bg-surface text-text shadow-overlay backdrop:bg-scrim md:hidden"
        >
          <Sidebar onHide={drawer.close} />
        </dialog>
      )}
      <div className="relative flex min-w-0 flex-1 flex-col">
        <header className="flex h-14 shrink-0 items-center gap-1 border-border border-b px-2 md:hidden print:hidden">
          <IconButton label="Show chats" onClick={drawer.show} tooltip={false}>
            <MenuIcon />
          </IconButton>
          <Link to="/" aria-label="Parley, new chat" className="mx-auto flex rounded-sm">
            <Logo />
          </Link>
          <IconButton label="New chat" onClick={() => navigate({ to: '/' })} tooltip={false}>
            <SquarePen />
          </IconButton>
        </header>
        {sidebarHidden && (
          <div className="absolute start-3 top-2.5 z-10 hidden md:block">
            <IconButton label="Show chats" onClick={() => hideSidebar(false)} tooltipSide="right">
              <MenuIcon />
            </IconButton>
          </div>
        )}
        <div role="status" className="contents print:hidden">
          {(offline || disconnected) && (
            <p className="flex items-center justify-center gap-2 bg-warning-soft px-4 py-1.5 text-sm text-warning">
              <WifiOff aria-hidden="true" className="size-4" />
              {offline
                ? 'You are offline. What you write is kept; sending goes on when you are back.'
                : 'Connection lost. Reconnecting…'}
            </p>
          )}
        </div>
        <div role="status" className="contents print:hidden">
          <BillingBanner />
          <BudgetBanner />
        </div>
        <SecurityNotice />
        <Outlet />
      </div>
    </div>
  )
}
