import type { endpoints, Level } from '@parley/contract'

/**
 * What the ids in an endpoint's path belong to, beyond the scope that the endpoint itself asks for:
 * `none`: it takes no id, or only ids that are the same for all. `workspace`: what everyone with the scope may reach in
 * their own workspace. `person`: one's own only. A level: what is in a conversation, or a preset, for its owner and for whom it is
 * shared with at this level or a higher one.
 */
export type Reach = 'none' | 'workspace' | 'person' | Level

/**
 * Every endpoint of the contract. A new one does not pass the type check, and `access-matrix.test.ts` fails, until it has
 * a line here. Where its ids are of a new kind, `fill-workspace.ts` has to make one of it.
 */
export const reaches = {
  // Signing in, and one's own account
  getSetup: 'none',
  register: 'none',
  login: 'none',
  refresh: 'none',
  logout: 'none',
  getMe: 'none',
  updateMe: 'none',
  requestSignUp: 'none',
  requestPasswordReset: 'none',
  resetPassword: 'none',
  confirmEmail: 'none',
  ratePassword: 'none',
  inspectLink: 'none',
  requestEmailVerification: 'none',
  changeEmail: 'none',
  acceptInvitation: 'none',

  // API keys and service accounts
  listApiKeys: 'none',
  createApiKey: 'none',
  updateApiKey: 'person',
  rotateApiKey: 'person',
  revokeApiKey: 'person',
  reportLeakedKeys: 'none',
  listServiceAccounts: 'none',
  createServiceAccount: 'none',
  updateServiceAccount: 'workspace',
  deleteServiceAccount: 'workspace',
  getTokenKeys: 'none',

  // Sites whose pages may call the API
  listWebOrigins: 'none',
  addWebOrigin: 'none',
  removeWebOrigin: 'workspace',

  // Sign-in through providers
  getSignInOptions: 'none',
  startProviderSignIn: 'workspace',
  getPendingConnection: 'none',
  connectWithPassword: 'none',
  connectSignedIn: 'none',
  listConnectedAccounts: 'none',
  startConnecting: 'none',
  disconnectAccount: 'person',
  getSignInSettings: 'none',
  updateSignInSettings: 'none',
  listSignInProviders: 'none',
  createSignInProvider: 'none',
  updateSignInProvider: 'workspace',
  deleteSignInProvider: 'workspace',
  testSignInProvider: 'workspace',

  // People and workspaces
  listPeople: 'none',
  getPerson: 'workspace',
  removePerson: 'workspace',
  listInvitations: 'none',
  createInvitation: 'none',
  resendInvitation: 'workspace',
  revokeInvitation: 'workspace',
  listWorkspaces: 'none',
  createWorkspace: 'none',
  renameWorkspace: 'none',
  switchWorkspace: 'none',
  leaveWorkspace: 'none',

  // Where requests may go
  getOutbound: 'none',
  setOutbound: 'none',
  getPrivacy: 'none',
  setPrivacy: 'none',

  // Second factors, passkeys, sessions
  answerSecondFactor: 'none',
  startSecondFactorPasskey: 'none',
  startTotp: 'none',
  confirmTotp: 'none',
  removeTotp: 'none',
  makeRecoveryCodes: 'none',
  getSecondFactorPolicy: 'none',
  setSecondFactorPolicy: 'none',
  resetSecondFactor: 'workspace',
  startPasskeySignIn: 'none',
  signInWithPasskey: 'none',
  listPasskeys: 'none',
  startPasskey: 'none',
  addPasskey: 'none',
  renamePasskey: 'person',
  removePasskey: 'person',
  getSecurity: 'none',
  prove: 'none',
  startProofPasskey: 'none',
  listSessions: 'none',
  revokeSession: 'person',
  revokeOtherSessions: 'none',

  // Roles, groups, sharing
  listRoles: 'none',
  createRole: 'none',
  getRole: 'workspace',
  updateRole: 'workspace',
  deleteRole: 'workspace',
  assignRole: 'workspace',
  listGroups: 'none',
  createGroup: 'none',
  getGroup: 'workspace',
  updateGroup: 'workspace',
  deleteGroup: 'workspace',
  listGroupMembers: 'workspace',
  setGroupRole: 'workspace',
  addGroupMember: 'workspace',
  removeGroupMember: 'workspace',
  listShareableWith: 'none',
  listConversationGrants: 'view',
  putConversationGrant: 'manage',
  deleteConversationGrant: 'manage',
  listParticipants: 'view',
  listPresetGrants: 'view',
  putPresetGrant: 'manage',
  deletePresetGrant: 'manage',
  listMcpServerGrants: 'workspace',
  putMcpServerGrant: 'workspace',
  deleteMcpServerGrant: 'workspace',
  setMcpServerAudience: 'workspace',

  // Provisioning
  getProvisioning: 'none',
  createScimToken: 'none',
  rotateScimToken: 'workspace',
  revokeScimToken: 'workspace',
  listProvisionedPeople: 'none',
  repeatOffer: 'workspace',
  lookAtOffer: 'none',
  acceptOffer: 'none',
  declineOffer: 'none',

  // Files: one's own, and those in a conversation one may see
  uploadFile: 'none',
  getFile: 'view',
  downloadFile: 'view',

  // Limits
  getMyLimits: 'none',
  listPlans: 'none',
  updatePlan: 'workspace',
  listWorkspacePlans: 'none',
  setWorkspacePlan: 'workspace',
  listLimitOverrides: 'none',
  setLimitOverride: 'none',
  deleteLimitOverride: 'workspace',

  // Models
  listModels: 'none',
  setDefaultModel: 'none',
  listProviders: 'none',
  createProvider: 'none',
  updateProvider: 'workspace',
  deleteProvider: 'workspace',
  testProvider: 'workspace',
  getGuidePage: 'none',

  // Usage and budgets
  getUsageReport: 'none',
  listUsageEntries: 'none',
  exportUsage: 'none',
  getUsageSettings: 'none',
  updateUsageSettings: 'none',
  getMyUsageReport: 'none',
  listMyUsageEntries: 'none',
  exportMyUsage: 'none',
  listBudgets: 'none',
  listBudgetSubjects: 'none',
  createBudget: 'none',
  updateBudget: 'workspace',
  deleteBudget: 'workspace',
  listMyBudgets: 'none',

  // Billing
  getBilling: 'none',
  listInvoices: 'none',
  getInvoice: 'workspace',
  exportInvoice: 'workspace',
  getInvoiceDraft: 'none',
  openCheckout: 'none',
  openPortal: 'none',
  takeStripeEvent: 'none',
  // Audit log
  listAuditEntries: 'none',
  exportAudit: 'none',
  verifyAudit: 'none',
  getAuditSettings: 'none',
  updateAuditSettings: 'none',
  setAuditWebhook: 'none',
  deleteAuditWebhook: 'none',

  // Tools
  listMcpServers: 'none',
  createMcpServer: 'none',
  updateMcpServer: 'workspace',
  deleteMcpServer: 'workspace',
  reconnectMcpServer: 'workspace',
  listTools: 'workspace',
  setToolPolicy: 'workspace',
  callTool: 'workspace',
  getToolResult: 'view',

  // Presets
  listPresets: 'none',
  createPreset: 'none',
  getPreset: 'view',
  updatePreset: 'edit',
  deletePreset: 'manage',
  duplicatePreset: 'view',

  // Conversations, messages and runs
  listConversations: 'none',
  createConversation: 'none',
  getConversation: 'view',
  updateConversation: 'edit',
  deleteConversation: 'manage',
  listMessages: 'view',
  sendMessage: 'use',
  regenerateMessage: 'use',
  getRun: 'view',
  streamRun: 'view',
  stopRun: 'use',
  resumeRun: 'use',
} as const satisfies Record<keyof typeof endpoints, Reach>
