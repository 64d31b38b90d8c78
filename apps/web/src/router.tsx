import { type SignInProblem, signInProblems } from '@parley/contract'
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, redirect } from '@tanstack/react-router'
import { findMe } from './features/identity/me.ts'
import { AppLayout } from './features/shell/app-layout.tsx'
import { ErrorPage, NotFoundPage } from './features/shell/error-page.tsx'
import { parley, queryClient } from './parley.ts'

const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

const root = createRootRoute({ notFoundComponent: NotFoundPage })

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  validateSearch: (search: Record<string, unknown>): { next?: string; workspace?: string } => {
    // Whose providers to offer.
    const workspace = typeof search.workspace === 'string' && isId.test(search.workspace) ? search.workspace : undefined
    return { ...nextIn(search), ...(workspace && { workspace }) }
  },
  component: lazyRouteComponent(() => import('./features/identity/sign-in-page.tsx'), 'SignInPage'),
})

const signInProblem = createRoute({
  getParentRoute: () => root,
  path: '/login/problem',
  // Nothing of the address is shown but a code that the page knows, and the number of the request.
  validateSearch: (search: Record<string, unknown>): { problem: SignInProblem; ref?: string } => {
    const known = typeof search.problem === 'string' && Object.hasOwn(signInProblems, search.problem)
    const ref = typeof search.ref === 'string' && /^[\w.-]{1,64}$/.test(search.ref) ? search.ref : undefined
    return { problem: known ? (search.problem as SignInProblem) : 'internal', ...(ref && { ref }) }
  },
  component: lazyRouteComponent(
    () => import('./features/identity/providers/sign-in-problem-page.tsx'),
    'SignInProblemPage',
  ),
})

const connect = createRoute({
  getParentRoute: () => root,
  path: '/login/connect',
  component: lazyRouteComponent(() => import('./features/identity/providers/connect-page.tsx'), 'ConnectPage'),
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

const forgotPassword = createRoute({
  getParentRoute: () => root,
  path: '/forgot-password',
  component: lazyRouteComponent(() => import('./features/identity/forgot-password-page.tsx'), 'ForgotPasswordPage'),
})
const resetPassword = createRoute({
  getParentRoute: () => root,
  path: '/reset-password',
  component: lazyRouteComponent(() => import('./features/identity/reset-password-page.tsx'), 'ResetPasswordPage'),
})
const confirmEmail = createRoute({
  getParentRoute: () => root,
  path: '/confirm-email',
  component: lazyRouteComponent(() => import('./features/identity/confirm-email-page.tsx'), 'ConfirmEmailPage'),
})
const signUp = createRoute({
  getParentRoute: () => root,
  path: '/sign-up',
  component: lazyRouteComponent(() => import('./features/identity/sign-up-page.tsx'), 'SignUpPage'),
})
const invitation = createRoute({
  getParentRoute: () => root,
  path: '/invitation',
  component: lazyRouteComponent(() => import('./features/identity/invitation-page.tsx'), 'InvitationPage'),
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
const newChat = createRoute({
  getParentRoute: () => app,
  path: '/',
  // With which preset; anything else is no preset.
  validateSearch: ({ preset }: Record<string, unknown>): { preset?: string } =>
    typeof preset === 'string' && isId.test(preset) ? { preset } : {},
  component: chat,
})
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
const presets = createRoute({
  getParentRoute: () => settings,
  path: '/presets',
  component: lazyRouteComponent(() => import('./features/presets/presets-page.tsx'), 'PresetsPage'),
})
const mcpServers = createRoute({
  getParentRoute: () => settings,
  path: '/mcp-servers',
  component: lazyRouteComponent(() => import('./features/tools/mcp-servers-page.tsx'), 'McpServersPage'),
})
const outbound = createRoute({
  getParentRoute: () => settings,
  path: '/outgoing-requests',
  component: lazyRouteComponent(() => import('./features/outbound/outbound-page.tsx'), 'OutboundPage'),
})
const privacy = createRoute({
  getParentRoute: () => settings,
  path: '/privacy',
  component: lazyRouteComponent(() => import('./features/privacy/privacy-page.tsx'), 'PrivacyPage'),
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
const people = createRoute({
  getParentRoute: () => settings,
  path: '/people',
  component: lazyRouteComponent(() => import('./features/identity/people/people-page.tsx'), 'PeoplePage'),
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
const signIn = createRoute({
  getParentRoute: () => settings,
  path: '/sign-in',
  component: lazyRouteComponent(
    () => import('./features/identity/providers/sign-in-settings-page.tsx'),
    'SignInSettingsPage',
  ),
})
const myUsage = createRoute({
  getParentRoute: () => settings,
  path: '/usage',
  component: lazyRouteComponent(() => import('./features/usage/my-usage-page.tsx'), 'MyUsagePage'),
})
const workspaceUsage = createRoute({
  getParentRoute: () => settings,
  path: '/workspace-usage',
  component: lazyRouteComponent(() => import('./features/usage/workspace-usage-page.tsx'), 'WorkspaceUsagePage'),
})
const budgets = createRoute({
  getParentRoute: () => settings,
  path: '/budgets',
  component: lazyRouteComponent(() => import('./features/usage/budgets-page.tsx'), 'BudgetsPage'),
})
const audit = createRoute({
  getParentRoute: () => settings,
  path: '/audit',
  component: lazyRouteComponent(() => import('./features/audit/audit-page.tsx'), 'AuditPage'),
})
const limits = createRoute({
  getParentRoute: () => settings,
  path: '/limits',
  component: lazyRouteComponent(() => import('./features/usage/limits/limits-page.tsx'), 'LimitsPage'),
})
const billing = createRoute({
  getParentRoute: () => settings,
  path: '/billing',
  component: lazyRouteComponent(() => import('./features/usage/billing/billing-page.tsx'), 'BillingPage'),
})
const billingDraft = createRoute({
  getParentRoute: () => settings,
  path: '/billing/draft',
  component: lazyRouteComponent(() => import('./features/usage/billing/invoice-page.tsx'), 'DraftPage'),
})
const invoice = createRoute({
  getParentRoute: () => settings,
  path: '/billing/$id',
  component: lazyRouteComponent(() => import('./features/usage/billing/invoice-page.tsx'), 'InvoicePage'),
})
const provisioning = createRoute({
  getParentRoute: () => settings,
  path: '/provisioning',
  component: lazyRouteComponent(
    () => import('./features/identity/provisioning/provisioning-page.tsx'),
    'ProvisioningPage',
  ),
})
const webOrigins = createRoute({
  getParentRoute: () => settings,
  path: '/web-origins',
  component: lazyRouteComponent(() => import('./features/identity/web-origins-page.tsx'), 'WebOriginsPage'),
})
const joinWorkspace = createRoute({
  getParentRoute: () => app,
  path: '/join-workspace',
  component: lazyRouteComponent(
    () => import('./features/identity/provisioning/join-workspace-page.tsx'),
    'JoinWorkspacePage',
  ),
})
const docs = createRoute({
  getParentRoute: () => app,
  path: '/docs/$page',
  component: lazyRouteComponent(() => import('./features/models/guide-page.tsx'), 'GuidePage'),
})

export const router = createRouter({
  routeTree: root.addChildren([
    login,
    signInProblem,
    connect,
    setup,
    secondFactor,
    forgotPassword,
    resetPassword,
    confirmEmail,
    signUp,
    invitation,
    app.addChildren([
      newChat,
      conversation,
      docs,
      settings.addChildren([
        settingsIndex,
        models,
        presets,
        mcpServers,
        outbound,
        privacy,
        people,
        roles,
        groups,
        serviceAccounts,
        serviceAccount,
        signIn,
        apiKeys,
        provisioning,
        webOrigins,
        account,
        profile,
        security,
        sessions,
        myUsage,
        workspaceUsage,
        budgets,
        limits,
        billing,
        billingDraft,
        invoice,
        audit,
      ]),
      joinWorkspace,
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
