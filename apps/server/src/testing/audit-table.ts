import type { AuditAction, endpoints } from '@parley/contract'

/** What an endpoint writes to the audit log; or in words, why it writes nothing. */
export type Audited = readonly AuditAction[] | string

const asksOnly = 'It asks or tries something, and changes nothing.'
const ownWork = 'What people write is theirs; who may see it is audited where it is shared.'
const onlyMails = 'It only has a mail sent; following its link is audited.'

/**
 * Every endpoint that is not a GET, and those GETs that are audited. A new endpoint fails `audit-table.test.ts` until it has
 * a line here.
 */
export const audited: Partial<Record<keyof typeof endpoints, Audited>> = {
  // Signing in, and one's own account
  register: ['workspace.created', 'member.added', 'session.started'],
  login: ['session.started', 'session.refused'],
  refresh: ['session.ended'],
  logout: ['session.ended'],
  updateMe: ['account.changed', 'password.changed'],
  requestSignUp: onlyMails,
  requestPasswordReset: onlyMails,
  resetPassword: ['password.changed'],
  confirmEmail: ['email.changed', 'email.confirmed'],
  ratePassword: asksOnly,
  inspectLink: asksOnly,
  requestEmailVerification: onlyMails,
  changeEmail: ['email.changed'],
  acceptInvitation: ['member.added'],

  // API keys and service accounts
  createApiKey: ['api-key.created'],
  updateApiKey: ['api-key.changed'],
  rotateApiKey: ['api-key.rotated'],
  revokeApiKey: ['api-key.revoked'],
  reportLeakedKeys: ['api-key.leaked'],
  createServiceAccount: ['service-account.created'],
  updateServiceAccount: ['service-account.changed'],
  deleteServiceAccount: ['service-account.deleted'],

  // Sign-in through providers
  startProviderSignIn: 'It begins a sign-in; how that comes out is audited.',
  connectWithPassword: ['account.connected', 'session.started', 'session.refused'],
  connectSignedIn: ['account.connected'],
  startConnecting: 'It begins to connect an account; that it was connected is audited.',
  disconnectAccount: ['account.disconnected'],
  updateSignInSettings: ['sign-in-policy.changed'],
  createSignInProvider: ['sign-in-provider.created'],
  updateSignInProvider: ['sign-in-provider.changed'],
  deleteSignInProvider: ['sign-in-provider.deleted'],
  testSignInProvider: asksOnly,

  // People and workspaces
  removePerson: ['member.removed'],
  createInvitation: ['invitation.created'],
  resendInvitation: ['invitation.renewed'],
  revokeInvitation: ['invitation.revoked'],
  createWorkspace: ['workspace.created'],
  renameWorkspace: ['workspace.changed'],
  switchWorkspace: ['session.switched'],
  leaveWorkspace: ['member.left'],

  // Second factors, passkeys, sessions
  answerSecondFactor: ['session.started', 'session.refused', 'recovery-code.used'],
  startSecondFactorPasskey: asksOnly,
  startTotp: 'Nothing counts until it is confirmed.',
  confirmTotp: ['second-factor.added'],
  removeTotp: ['second-factor.removed'],
  makeRecoveryCodes: ['recovery-codes.made'],
  setSecondFactorPolicy: ['second-factor-policy.changed'],
  resetSecondFactor: ['second-factor.reset'],
  startPasskeySignIn: asksOnly,
  signInWithPasskey: ['session.started', 'session.refused'],
  startPasskey: 'Nothing counts until the passkey is added.',
  addPasskey: ['second-factor.added'],
  renamePasskey: ['second-factor.changed'],
  removePasskey: ['second-factor.removed'],
  prove: 'It confirms who somebody is for some minutes; what they do then is audited.',
  startProofPasskey: asksOnly,
  revokeSession: ['session.ended'],
  revokeOtherSessions: ['session.ended'],

  // Roles, groups, sharing
  createRole: ['role.created'],
  updateRole: ['role.changed'],
  deleteRole: ['role.deleted'],
  assignRole: ['member.role-changed'],
  createGroup: ['group.created'],
  updateGroup: ['group.changed'],
  deleteGroup: ['group.deleted'],
  setGroupRole: ['group.role-changed', 'member.role-changed'],
  addGroupMember: ['group.member-added'],
  removeGroupMember: ['group.member-removed'],
  putConversationGrant: ['grant.saved'],
  deleteConversationGrant: ['grant.deleted'],
  putPresetGrant: ['grant.saved'],
  deletePresetGrant: ['grant.deleted'],
  putMcpServerGrant: ['grant.saved'],
  deleteMcpServerGrant: ['grant.deleted'],
  setMcpServerAudience: ['audience.changed'],

  addWebOrigin: ['web-origin.created'],
  removeWebOrigin: ['web-origin.deleted'],

  // Provisioning
  createScimToken: ['scim-token.created'],
  rotateScimToken: ['scim-token.rotated'],
  revokeScimToken: ['scim-token.revoked'],
  repeatOffer: ['offer.repeated'],
  lookAtOffer: asksOnly,
  acceptOffer: ['member.added'],
  declineOffer: ['offer.declined'],

  uploadFile: ownWork,

  // Limits, models, usage, budgets
  updatePlan: ['plan.changed'],
  setWorkspacePlan: ['workspace-plan.changed'],
  setLimitOverride: ['limit.saved'],
  deleteLimitOverride: ['limit.deleted'],
  setPrivacy: ['privacy.changed'],
  setOutbound: ['outbound.changed'],
  setDefaultModel: ['default-model.changed'],
  createProvider: ['provider.created'],
  updateProvider: ['provider.changed'],
  deleteProvider: ['provider.deleted'],
  testProvider: asksOnly,
  listUsageEntries: ['usage.read'],
  exportUsage: ['usage.exported'],
  updateUsageSettings: ['usage-settings.changed'],
  createBudget: ['budget.created'],
  updateBudget: ['budget.changed'],
  deleteBudget: ['budget.deleted'],

  // Billing
  openCheckout: 'It opens a page of Stripe; what is bought there comes back as an event.',
  openPortal: 'It opens a page of Stripe; what is changed there comes back as an event.',
  takeStripeEvent: ['workspace-plan.changed'],

  // The log itself
  listAuditEntries: ['audit.read'],
  exportAudit: ['audit.exported'],
  verifyAudit: asksOnly,
  updateAuditSettings: ['audit.settings-changed'],
  setAuditWebhook: ['audit.settings-changed'],
  deleteAuditWebhook: ['audit.settings-changed'],

  // Tools
  createMcpServer: ['mcp-server.created'],
  updateMcpServer: ['mcp-server.changed'],
  deleteMcpServer: ['mcp-server.deleted'],
  reconnectMcpServer: asksOnly,
  setToolPolicy: ['tool.policy-changed'],
  callTool: ['tool.called'],

  // Presets, conversations, runs
  createPreset: ['preset.created'],
  updatePreset: ['preset.changed'],
  deletePreset: ['preset.deleted'],
  duplicatePreset: ['preset.created'],
  createConversation: ownWork,
  updateConversation: ownWork,
  deleteConversation: ['conversation.deleted'],
  sendMessage: ownWork,
  regenerateMessage: ownWork,
  stopRun: ownWork,
  resumeRun: ['tool.approved', 'tool.declined'],
}

/** Acts that come in by other doors than the endpoints of the contract. */
export const auditedElsewhere: Partial<Record<AuditAction, string>> = {
  'member.suspended': 'SCIM',
  'member.restored': 'SCIM',
  'member.changed': 'SCIM',
  'database.exported': 'the command line',
  'database.imported': 'the command line',
  'token-key.rotated': 'the command line, and a schedule',
  'audit.pruned': 'a schedule',
}
