import type { Scope } from '@parley/contract'

interface Permission {
  name: string
  /** What it lets people do, and what to mind. */
  explanation: string
}

/** Every permission in words, in the groups in which they are shown. */
export const permissionGroups: { title: string; permissions: Partial<Record<Scope, Permission>> }[] = [
  {
    title: 'Chat',
    permissions: {
      'conversations:read': { name: 'Read chats', explanation: 'One’s own, and what others share.' },
      'conversations:write': { name: 'Write and send', explanation: 'Start chats, send messages, share one’s own.' },
      'presets:read': { name: 'Use presets', explanation: 'See presets, and chat with them.' },
      'presets:write': { name: 'Make presets', explanation: 'Make, change and share presets.' },
      'files:read': { name: 'Read files', explanation: 'See and download files in chats.' },
      'files:write': { name: 'Upload files', explanation: 'Attach images and text to messages.' },
    },
  },
  {
    title: 'Models and tools',
    permissions: {
      'models:read': { name: 'See models', explanation: 'Choose who answers.' },
      'models:manage': { name: 'Manage models', explanation: 'Connect providers and set the default model.' },
      'tools:read': { name: 'See tools', explanation: 'List MCP servers and what they offer.' },
      'tools:call': { name: 'Call tools', explanation: 'Run a tool by hand or over the API.' },
      'tools:manage': {
        name: 'Manage tools',
        explanation: 'Add MCP servers, say what runs unasked and who may use what.',
      },
    },
  },
  {
    title: 'Account',
    permissions: {
      'account:read': { name: 'Read the account', explanation: 'Name, address and permissions. People always may.' },
      'keys:manage': { name: 'Make API keys', explanation: 'Keys for oneself, with no more than one may.' },
    },
  },
  {
    title: 'Administration',
    permissions: {
      'people:read': { name: 'See people', explanation: 'Find people and groups, to share with them.' },
      'people:manage': {
        name: 'Manage people',
        explanation: 'Invite and remove people, give roles, change groups.',
      },
      'workspace:manage': { name: 'Manage the workspace', explanation: 'Change roles and how people sign in.' },
      'usage:read': { name: 'See usage', explanation: 'What everyone uses, and what it costs.' },
      'usage:manage': { name: 'Manage limits', explanation: 'Plans, limits and budgets.' },
      'billing:read': { name: 'See billing', explanation: 'The plan, its price, and invoices.' },
      'billing:manage': { name: 'Manage billing', explanation: 'Buy and change the plan, and how it is paid.' },
      'audit:read': { name: 'Read the audit log', explanation: 'Who did what, when and from where.' },
      'audit:manage': {
        name: 'Manage the audit log',
        explanation: 'How long it is kept, and where it is sent.',
      },
    },
  },
]
