/**
 * Every act that is written to the audit log: what it is called for people, and which fields of what changed are kept.
 * Closed: nothing else is ever written, and a field that is not listed never reaches the log. Contents of messages,
 * secrets and instructions are in no list. A text is `<noun>.<happening>`; it never changes its meaning.
 */
export const auditActions = {
  // Signing in
  'session.started': { title: 'Signed in', fields: ['method', 'providerId', 'secondFactor', 'sessionId'] },
  'session.refused': { title: 'Sign-in failed', fields: ['method', 'reason', 'email'] },
  'session.ended': { title: 'Signed out', fields: ['sessionId', 'reason', 'count'] },
  'session.switched': { title: 'Went to another workspace', fields: ['sessionId', 'workspaceId'] },

  // A person's own account
  'account.changed': { title: 'Account changed', fields: ['name'] },
  'password.changed': { title: 'Password changed', fields: ['by'] },
  'email.changed': { title: 'Email address changed', fields: ['email'] },
  'email.confirmed': { title: 'Email address confirmed', fields: ['email'] },
  'account.connected': { title: 'Sign-in provider connected', fields: ['providerId'] },
  'account.disconnected': { title: 'Sign-in provider disconnected', fields: ['providerId'] },
  'second-factor.added': { title: 'Second factor added', fields: ['factor', 'name'] },
  'second-factor.changed': { title: 'Second factor renamed', fields: ['factor', 'name'] },
  'second-factor.removed': { title: 'Second factor removed', fields: ['factor', 'name'] },
  'second-factor.reset': { title: 'Second factors reset by an admin', fields: [] },
  'recovery-codes.made': { title: 'Recovery codes made', fields: [] },
  'recovery-code.used': { title: 'Recovery code used', fields: [] },

  // People
  'workspace.created': { title: 'Workspace made', fields: ['name'] },
  'workspace.changed': { title: 'Workspace renamed', fields: ['name'] },
  'invitation.created': { title: 'Person invited', fields: ['email', 'role', 'expiresAt', 'maxUses', 'byMail'] },
  'invitation.renewed': { title: 'Invitation sent again', fields: ['email', 'expiresAt'] },
  'invitation.revoked': { title: 'Invitation revoked', fields: ['email', 'role'] },
  'member.added': { title: 'Person joined', fields: ['role', 'roleId', 'by', 'invitationId'] },
  'member.removed': { title: 'Person removed', fields: ['role', 'roleId', 'by'] },
  'member.left': { title: 'Person left', fields: ['role', 'roleId'] },
  'member.role-changed': { title: 'Role of a person changed', fields: ['role', 'roleId', 'by'] },
  'member.suspended': { title: 'Person suspended by the directory', fields: [] },
  'member.restored': { title: 'Person let in again by the directory', fields: ['role', 'roleId'] },
  'member.changed': { title: 'Person changed by the directory', fields: ['userName'] },
  'offer.repeated': { title: 'Person asked again to join', fields: [] },
  'offer.declined': { title: 'Person declined to join', fields: [] },
  'role.created': { title: 'Role made', fields: ['name', 'description', 'scopes'] },
  'role.changed': { title: 'Role changed', fields: ['name', 'description', 'scopes'] },
  'role.deleted': { title: 'Role deleted', fields: ['name', 'scopes', 'replacement'] },
  'group.created': { title: 'Group made', fields: ['name', 'description', 'externalId'] },
  'group.changed': { title: 'Group changed', fields: ['name', 'description', 'externalId', 'added', 'removed'] },
  'group.role-changed': { title: 'Role that a group gives changed', fields: ['role', 'roleId'] },
  'group.deleted': { title: 'Group deleted', fields: ['name', 'memberCount'] },
  'group.member-added': { title: 'Person added to a group', fields: ['userId'] },
  'group.member-removed': { title: 'Person taken out of a group', fields: ['userId'] },

  // Keys and programs
  'api-key.created': {
    title: 'API key made',
    fields: ['name', 'prefix', 'scopes', 'resources', 'allowedAddresses', 'expiresAt', 'serviceAccountId'],
  },
  'api-key.changed': {
    title: 'API key changed',
    fields: ['name', 'scopes', 'resources', 'allowedAddresses', 'expiresAt'],
  },
  'api-key.rotated': { title: 'API key rotated', fields: ['prefix', 'overlapSeconds'] },
  'api-key.revoked': { title: 'API key revoked', fields: ['name', 'prefix'] },
  'api-key.leaked': { title: 'API key reported as leaked, and revoked', fields: ['source'] },
  'service-account.created': { title: 'Service account made', fields: ['name', 'description', 'role', 'scopes'] },
  'service-account.changed': { title: 'Service account changed', fields: ['name', 'description', 'role', 'scopes'] },
  'service-account.deleted': { title: 'Service account deleted', fields: ['name', 'role', 'keyCount'] },
  'scim-token.created': { title: 'Provisioning token made', fields: ['name', 'prefix'] },
  'scim-token.rotated': { title: 'Provisioning token rotated', fields: ['name', 'prefix', 'overlapHours'] },
  'scim-token.revoked': { title: 'Provisioning token revoked', fields: ['name', 'prefix'] },
  'token-key.rotated': { title: 'Key of access tokens rotated', fields: ['signsFrom', 'atOnce'] },

  // How people sign in
  'second-factor-policy.changed': { title: 'Second factor policy changed', fields: ['required', 'requiredFrom'] },
  'sign-in-policy.changed': { title: 'Sign-in policy changed', fields: ['ssoOnly', 'ssoProviders', 'domains'] },
  'sign-in-provider.created': {
    title: 'Sign-in provider added',
    fields: [
      'name',
      'kind',
      'issuer',
      'tenant',
      'clientId',
      'trustsEmail',
      'trustsSecondFactor',
      'defaultRole',
      'rules',
    ],
  },
  'sign-in-provider.changed': {
    title: 'Sign-in provider changed',
    fields: [
      'name',
      'issuer',
      'tenant',
      'clientId',
      'trustsEmail',
      'trustsSecondFactor',
      'defaultRole',
      'rules',
      'scopes',
      'credentialReplaced',
    ],
  },
  'sign-in-provider.deleted': { title: 'Sign-in provider removed', fields: ['name', 'kind', 'issuer'] },

  'web-origin.created': { title: 'Site allowed to call the API', fields: ['origin'] },
  'web-origin.deleted': { title: 'Site no longer allowed to call the API', fields: ['origin'] },

  // Sharing
  'grant.saved': { title: 'Shared', fields: ['with', 'withId', 'level'] },
  'grant.deleted': { title: 'No longer shared', fields: ['with', 'withId', 'level'] },
  'audience.changed': { title: 'Audience changed', fields: ['audience'] },

  // Models, tools, limits
  'provider.created': { title: 'Model provider connected', fields: ['name', 'slug', 'protocol', 'baseUrl', 'hasKey'] },
  'provider.changed': {
    title: 'Model provider changed',
    fields: ['name', 'baseUrl', 'hasKey', 'credentialReplaced'],
  },
  'provider.deleted': { title: 'Model provider removed', fields: ['name', 'slug', 'protocol', 'baseUrl'] },
  'privacy.changed': { title: 'Protection of private data changed', fields: ['mode'] },
  'outbound.changed': { title: 'Allowed hosts changed', fields: ['hosts'] },
  'default-model.changed': { title: 'Default model changed', fields: ['model'] },
  'mcp-server.created': {
    title: 'MCP server added',
    fields: ['name', 'slug', 'transport', 'command', 'url', 'secretNames'],
  },
  'mcp-server.changed': {
    title: 'MCP server changed',
    fields: ['name', 'enabled', 'secretNames', 'credentialReplaced'],
  },
  'mcp-server.deleted': { title: 'MCP server removed', fields: ['name', 'slug', 'transport', 'url'] },
  'tool.policy-changed': { title: 'Tool policy changed', fields: ['policy', 'definitionHash'] },
  'tool.called': { title: 'Tool called by hand', fields: ['serverId'] },
  'tool.approved': { title: 'Tool call approved', fields: ['runId', 'conversationId', 'always', 'argumentsChanged'] },
  'tool.declined': { title: 'Tool call declined', fields: ['runId', 'conversationId'] },
  'plan.changed': {
    title: 'Plan changed',
    fields: ['name', 'requestsPerHour', 'requestBurst', 'tokensPerDay', 'description'],
  },
  'workspace-plan.changed': { title: 'Plan of a workspace changed', fields: ['planId', 'source'] },
  'limit.saved': {
    title: 'Limit set',
    fields: ['subject', 'counted', 'requestsPerHour', 'requestBurst', 'tokensPerDay', 'abovePlan'],
  },
  'limit.deleted': { title: 'Limit dropped', fields: ['subject', 'counted', 'requestsPerHour', 'tokensPerDay'] },
  'budget.created': {
    title: 'Budget made',
    fields: ['name', 'scope', 'subjectId', 'unit', 'amount', 'window', 'warnAt', 'hardStop'],
  },
  'budget.changed': { title: 'Budget changed', fields: ['name', 'amount', 'window', 'warnAt', 'hardStop'] },
  'budget.deleted': { title: 'Budget deleted', fields: ['name', 'scope', 'unit', 'amount', 'window'] },
  'usage-settings.changed': {
    title: 'Usage settings changed',
    fields: ['timeZone', 'maxSteps', 'maxToolCalls', 'maxCostMicroUsd', 'maxSeconds'],
  },

  // Content
  'preset.created': { title: 'Preset made', fields: ['name', 'model', 'serverIds'] },
  'preset.changed': { title: 'Preset changed', fields: ['name', 'model', 'maxOutputTokens', 'serverIds', 'changed'] },
  'preset.deleted': { title: 'Preset deleted', fields: ['name', 'ownerId'] },
  'conversation.deleted': { title: 'Conversation deleted', fields: ['ownerId'] },

  // Reads and exports
  'usage.read': { title: 'Usage of others read', fields: [] },
  'usage.exported': { title: 'Usage exported', fields: ['format', 'from', 'to', 'userId'] },
  'database.exported': { title: 'Whole database exported', fields: ['tables', 'rows'] },
  'database.imported': { title: 'Whole database imported', fields: ['tables', 'rows'] },
  'audit.read': { title: 'Audit log read', fields: [] },
  'audit.exported': { title: 'Audit log exported', fields: ['action', 'actorId', 'subjectId', 'from', 'to'] },
  'audit.settings-changed': { title: 'Audit settings changed', fields: ['retentionDays', 'webhookUrl'] },
  'audit.pruned': { title: 'Old audit entries removed', fields: ['through', 'count', 'retentionDays'] },
} as const satisfies Record<string, { title: string; fields: readonly string[] }>

export type AuditAction = keyof typeof auditActions
