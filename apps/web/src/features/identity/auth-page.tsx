import { Logo, LogoMark } from '@parley/ui'
import type { ReactNode } from 'react'

/** The screens before the sign-in: a card on paper, and on wide screens what Parley is beside it. */
export function AuthPage({ title, lead, children }: { title: string; lead: ReactNode; children: ReactNode }) {
  return (
    <div className="grid min-h-dvh bg-bg lg:grid-cols-[1fr_1.1fr]">
      <aside
        aria-label="About Parley"
        className="relative hidden flex-col justify-between overflow-hidden bg-accent-soft p-12 lg:flex"
      >
        <Logo className="relative" />
        <LogoMark className="-end-40 absolute bottom-[-6rem] size-[38rem] opacity-[0.09]" />
        <div className="relative max-w-md">
          <p className="font-display text-4xl leading-tight tracking-tight">
            A place to talk things through, on a server of your own.
          </p>
          <p className="mt-5 text-text-muted">
            Your models, your tools and your documents in one conversation. Nothing leaves this server but what you
            send.
          </p>
        </div>
        <p className="relative text-sm text-text-muted">Self-hosted. Open source.</p>
      </aside>
      <main id="main" className="flex items-center justify-center px-5 py-10">
        <div className="rise w-full max-w-sm">
          <Logo className="mb-10 lg:hidden" />
          <h1 className="font-display text-3xl tracking-tight">{title}</h1>
          <div className="mt-2 mb-8 text-text-muted">{lead}</div>
          {children}
        </div>
      </main>
    </div>
  )
}
