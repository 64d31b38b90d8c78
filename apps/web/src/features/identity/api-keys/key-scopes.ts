import type { Scope } from '@parley/contract'

/** What each scope allows, for people. */
export const scopeNames: Record<Scope, string> = {
  'conversations:read': 'Read conversations',
  'conversations:write': 'Write and send messages',
  'files:read': 'Read files',
  'files:write': 'Upload files',
  'models:read': 'List models',
  'models:manage': 'Manage model providers',
  'tools:read': 'List tools',
  'tools:call': 'Call tools',
  'tools:manage': 'Manage MCP servers and policies',
  'presets:read': 'Read presets and chat with them',
  'presets:write': 'Make, change and share presets',
  'keys:manage': 'Manage API keys',
  'account:read': 'Read the account',
  'people:read': 'See who is in the workspace',
  'people:manage': 'Manage people, roles and groups',
  'workspace:manage': 'Manage the workspace',
  'usage:read': 'See usage and cost of everyone',
  'usage:manage': 'Manage plans, limits and budgets',
  'billing:read': 'See the plan and invoices',
  'billing:manage': 'Buy plans and manage payment',
  'audit:read': 'Read the audit log',
  'audit:manage': 'Say how long the audit log is kept, and where it goes',
}

const chat: Scope[] = [
  'conversations:read',
  'conversations:write',
  'files:read',
  'files:write',
  'models:read',
  'tools:read',
  'tools:call',
  'presets:read',
  'account:read',
]
/** What tells about others, and of money. */
const others: Scope[] = ['usage:read', 'billing:read', 'audit:read']
const administration = [
  'keys:manage',
  'people:manage',
  'workspace:manage',
  'usage:manage',
  'billing:manage',
  'audit:read',
  'audit:manage',
]

/** Common choices; each is cut to what may be given. */
export const presets: { id: string; label: string; hint: string; scopes: (possible: Scope[]) => Scope[] }[] = [
  {
    id: 'chat',
    label: 'Chat',
    hint: 'Conversations, files, models, tools and presets.',
    scopes: (possible) => possible.filter((scope) => chat.includes(scope)),
  },
  {
    id: 'read',
    label: 'Read only',
    hint: 'Looks, and changes nothing.',
    scopes: (possible) => possible.filter((scope) => scope.endsWith(':read') && !others.includes(scope)),
  },
  {
    id: 'wide',
    label: 'All but administration',
    hint: 'Everything except keys, people, workspace, usage, billing and audit.',
    scopes: (possible) => possible.filter((scope) => !administration.includes(scope)),
  },
]

/** The preset these scopes are, or `custom`. */
export function presetOf(scopes: Scope[], possible: Scope[]): string {
  const same = (other: Scope[]) => other.length === scopes.length && other.every((scope) => scopes.includes(scope))
  return presets.find((preset) => same(preset.scopes(possible)))?.id ?? 'custom'
}
