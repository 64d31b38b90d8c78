import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router'
import { findMe } from './features/identity/me.ts'
import { AppLayout } from './features/shell/app-layout.tsx'
import { ErrorPage, NotFoundPage } from './features/shell/error-page.tsx'
import { parley, queryClient } from './parley.ts'

const root = createRootRoute({ notFoundComponent: NotFoundPage })

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: (search: Record<string, unknown>): { next?: string } => {
    // Only a path of our own: never lead someone who just signed in to another site.
    const next = typeof search.next === 'string' && /^\/(?![/\\])/.test(search.next) ? search.next : undefined
    return next ? { next } : {}
  },
  component: lazyRouteComponent(() => import('./features/identity/sign-in-page.tsx'), 'SignInPage'),
})

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
    if (await queryClient.ensureQueryData(findMe)) return
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
const account = createRoute({
  getParentRoute: () => settings,
  path: '/account',
  component: lazyRouteComponent(() => import('./features/identity/account-page.tsx'), 'AccountPage'),
})
const roles = createRoute({
  getParentRoute: () => settings,
  path: '/roles',
  component: lazyRouteComponent(() => import('./features/identity/roles-page.tsx'), 'RolesPage'),
})
const groups = createRoute({
  getParentRoute: () => settings,
  path: '/groups',
  component: lazyRouteComponent(() => import('./features/identity/groups-page.tsx'), 'GroupsPage'),
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
    app.addChildren([
      newChat,
      conversation,
      docs,
      settings.addChildren([
        settingsIndex,
        models,
        mcpServers,
        roles,
        groups,
        serviceAccounts,
        serviceAccount,
        apiKeys,
        account,
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
