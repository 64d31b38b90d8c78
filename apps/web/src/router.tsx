import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router'
import { findMe } from './features/identity/me.ts'
import { AppLayout } from './features/shell/app-layout.tsx'
import { ErrorPage, NotFoundPage } from './features/shell/error-page.tsx'
import { parley, queryClient } from './parley.ts'

const root = createRootRoute({ notFoundComponent: NotFoundPage })

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: nextIn,
  component: lazyRouteComponent(() => import('./features/identity/sign-in-page.tsx'), 'SignInPage'),
})

const secondFactor = createRoute({
  getParentRoute: () => root,
  path: '/second-factor',
  validateSearch: nextIn,
  beforeLoad: async ({ search }) => {
    const me = await queryClient.ensureQueryData(findMe)
    if (!me) throw redirect({ to: '/login', search })
    if (!me.secondFactorRequired) throw redirect({ to: search.next ?? '/' })
  },
  component: lazyRouteComponent(() => import('./features/identity/second-factor-page.tsx'), 'SecondFactorPage'),
})

/** Where to go on. Only a path of our own: never lead someone who just signed in to another site. */
function nextIn(search: Record<string, unknown>): { next?: string } {
  const next = typeof search.next === 'string' && /^\/(?![/\\])/.test(search.next) ? search.next : undefined
  return next ? { next } : {}
}

const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  validateSearch: (search: Record<string, unknown>): { token?: string } =>
    search.token === undefined ? {} : { token: String(search.token) },
  component: lazyRouteComponent(() => import('./features/identity/setup-page.tsx'), 'SetupPage'),
})

/** Everything that needs someone signed in. */
const app = createRoute({
  getParentRoute: () => root,
  id: 'app',
  component: AppLayout,
  beforeLoad: async ({ location }) => {
    const me = await queryClient.ensureQueryData(findMe)
    if (me?.secondFactorRequired) {
      throw redirect({ to: '/second-factor', search: location.href === '/' ? {} : { next: location.href } })
    }
    if (me) return
    const { needsOwner } = await parley.auth.setup()
    if (needsOwner) throw redirect({ to: '/setup' })
    throw redirect({ to: '/login', search: location.href === '/' ? {} : { next: location.href } })
  },
})

const chat = lazyRouteComponent(() => import('./features/chat/chat-page.tsx'), 'ChatPage')
const newChat = createRoute({ getParentRoute: () => app, path: '/', component: chat })
const conversation = createRoute({ getParentRoute: () => app, path: '/c/$id', component: chat })

const settings = createRoute({
  getParentRoute: () => app,
  path: '/settings',
  component: lazyRouteComponent(() => import('./features/shell/settings-layout.tsx'), 'SettingsLayout'),
})
const settingsIndex = createRoute({
  getParentRoute: () => settings,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/settings/models' })
  },
})
const models = createRoute({
  getParentRoute: () => settings,
  path: '/models',
  component: lazyRouteComponent(() => import('./features/models/models-page.tsx'), 'ModelsPage'),
})
const mcpServers = createRoute({
  getParentRoute: () => settings,
  path: '/mcp-servers',
  component: lazyRouteComponent(() => import('./features/tools/mcp-servers-page.tsx'), 'McpServersPage'),
})
const apiKeys = createRoute({
  getParentRoute: () => settings,
  path: '/api-keys',
  component: lazyRouteComponent(() => import('./features/identity/api-keys/api-keys-page.tsx'), 'ApiKeysPage'),
})
const serviceAccounts = createRoute({
  getParentRoute: () => settings,
  path: '/service-accounts',
  component: lazyRouteComponent(
    () => import('./features/identity/service-accounts/service-accounts-page.tsx'),
    'ServiceAccountsPage',
  ),
})
const serviceAccount = createRoute({
  getParentRoute: () => settings,
  path: '/service-accounts/$id',
  component: lazyRouteComponent(
    () => import('./features/identity/service-accounts/service-account-page.tsx'),
    'ServiceAccountPage',
  ),
})
const profile = createRoute({
  getParentRoute: () => settings,
  path: '/profile',
  component: lazyRouteComponent(() => import('./features/identity/profile-page.tsx'), 'ProfilePage'),
})
const security = createRoute({
  getParentRoute: () => settings,
  path: '/security',
  component: lazyRouteComponent(() => import('./features/identity/security/security-page.tsx'), 'SecurityPage'),
})
const sessions = createRoute({
  getParentRoute: () => settings,
  path: '/sessions',
  component: lazyRouteComponent(() => import('./features/identity/security/sessions-page.tsx'), 'SessionsPage'),
})
/** Where the account was before it had pages of its own. */
const account = createRoute({
  getParentRoute: () => settings,
  path: '/account',
  beforeLoad: () => {
    throw redirect({ to: '/settings/profile' })
  },
})
const signInPolicy = createRoute({
  getParentRoute: () => settings,
  path: '/sign-in',
  component: lazyRouteComponent(() => import('./features/identity/sign-in-policy-page.tsx'), 'SignInPolicyPage'),
})
const docs = createRoute({
  getParentRoute: () => app,
  path: '/docs/$page',
  component: lazyRouteComponent(() => import('./features/models/guide-page.tsx'), 'GuidePage'),
})

export const router = createRouter({
  routeTree: root.addChildren([
    login,
    setup,
    secondFactor,
    app.addChildren([
      newChat,
      conversation,
      docs,
      settings.addChildren([
        settingsIndex,
        models,
        mcpServers,
        apiKeys,
        serviceAccounts,
        serviceAccount,
        account,
        profile,
        security,
        sessions,
        signInPolicy,
      ]),
    ]),
  ]),
  defaultPreload: 'intent',
  defaultErrorComponent: ErrorPage,
  defaultNotFoundComponent: NotFoundPage,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
