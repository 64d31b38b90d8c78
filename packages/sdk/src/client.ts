import { type BodyOf, endpoints, type FileInfo, type InputOf, type Message, type Started } from '@parley/contract'
import { type Change, followChanges } from './changes.ts'
import { followMessage } from './follow-message.ts'
import { type CallOptions, createRequester, type ParleyOptions, pathOf } from './request.ts'
import { type FollowOptions, followRun, type RunStream } from './run-stream.ts'

type Body<E> = InputOf<E> extends { body: infer B } ? B : never
type Query<E> = InputOf<E> extends { query?: infer Q } ? Q : never
type E = typeof endpoints

export type Parley = ReturnType<typeof createParley>

/**
 * A client of one Parley server. Every method throws `ParleyError` when the server refuses or cannot be reached, and
 * takes `signal` to be given up. POSTs that create or cost carry an Idempotency-Key and are repeated over a lost
 * connection; pass `idempotencyKey` to repeat one yourself later.
 */
export function createParley(options: ParleyOptions = {}) {
  const requester = createRequester(options)
  const { call } = requester

  return {
    /** Calls any endpoint of the contract. */
    call,

    auth: {
      setup: (o?: CallOptions) => call(endpoints.getSetup, { ...o }),
      register: (body: Body<E['register']>, o?: CallOptions) => call(endpoints.register, { body, ...o }),
      login: (body: Body<E['login']>, o?: CallOptions) => call(endpoints.login, { body, ...o }),
      refresh: (refreshToken: string, o?: CallOptions) => call(endpoints.refresh, { body: { refreshToken }, ...o }),
      logout: (o?: CallOptions) => call(endpoints.logout, { ...o }),
      /** Has a link to sign up mailed. */
      requestSignUp: (body: Body<E['requestSignUp']>, o?: CallOptions) => call(endpoints.requestSignUp, { body, ...o }),
      /** Has a link to choose a new password mailed. */
      requestPasswordReset: (email: string, o?: CallOptions) =>
        call(endpoints.requestPasswordReset, { body: { email }, ...o }),
      resetPassword: (body: Body<E['resetPassword']>, o?: CallOptions) => call(endpoints.resetPassword, { body, ...o }),
      confirmEmail: (token: string, o?: CallOptions) => call(endpoints.confirmEmail, { body: { token }, ...o }),
      /** What a mailed link or an invitation is for, without following it. */
      inspectLink: (token: string, o?: CallOptions) => call(endpoints.inspectLink, { body: { token }, ...o }),
      ratePassword: (body: Body<E['ratePassword']>, o?: CallOptions) => call(endpoints.ratePassword, { body, ...o }),
      /** The second step of a sign-in that answered `secondFactorRequired`. */
      secondFactor: (body: Body<E['answerSecondFactor']>, o?: CallOptions) =>
        call(endpoints.answerSecondFactor, { body, ...o }),
      secondFactorPasskey: (challenge: string, o?: CallOptions) =>
        call(endpoints.startSecondFactorPasskey, { body: { challenge }, ...o }),
      passkeyOptions: (o?: CallOptions) => call(endpoints.startPasskeySignIn, { ...o }),
      passkey: (response: Body<E['signInWithPasskey']>['response'], o?: CallOptions) =>
        call(endpoints.signInWithPasskey, { body: { response }, ...o }),
    },

    /** Signing in through identity providers. */
    signIn: {
      options: (query: Query<E['getSignInOptions']> = {}, o?: CallOptions) =>
        call(endpoints.getSignInOptions, { query, ...o }),
      /** Answers the address to send the browser to. */
      start: (id: string, body: Body<E['startProviderSignIn']> = {}, o?: CallOptions) =>
        call(endpoints.startProviderSignIn, { params: { id }, body, ...o }),
      /** The sign-in of this browser that waits to be connected with an existing account. */
      pending: (o?: CallOptions) => call(endpoints.getPendingConnection, { ...o }),
      connectWithPassword: (password: string, o?: CallOptions) =>
        call(endpoints.connectWithPassword, { body: { password }, ...o }),
      settings: (o?: CallOptions) => call(endpoints.getSignInSettings, { ...o }),
      updateSettings: (body: Body<E['updateSignInSettings']>, o?: CallOptions) =>
        call(endpoints.updateSignInSettings, { body, ...o }),
    },

    signInProviders: {
      list: (query?: Query<E['listSignInProviders']>, o?: CallOptions) =>
        call(endpoints.listSignInProviders, { query, ...o }),
      create: (body: Body<E['createSignInProvider']>, o?: CallOptions) =>
        call(endpoints.createSignInProvider, { body, ...o }),
      update: (id: string, body: Body<E['updateSignInProvider']>, o?: CallOptions) =>
        call(endpoints.updateSignInProvider, { params: { id }, body, ...o }),
      delete: (id: string, o?: CallOptions) => call(endpoints.deleteSignInProvider, { params: { id }, ...o }),
      test: (id: string, o?: CallOptions) => call(endpoints.testSignInProvider, { params: { id }, ...o }),
    },

    connectedAccounts: {
      list: (query?: Query<E['listConnectedAccounts']>, o?: CallOptions) =>
        call(endpoints.listConnectedAccounts, { query, ...o }),
      /** Answers the address to send the browser to. */
      start: (body: Body<E['startConnecting']>, o?: CallOptions) => call(endpoints.startConnecting, { body, ...o }),
      /** Connects what waits in this browser with whoever is signed in. */
      confirm: (o?: CallOptions) => call(endpoints.connectSignedIn, { ...o }),
      disconnect: (id: string, o?: CallOptions) => call(endpoints.disconnectAccount, { params: { id }, ...o }),
    },

    security: {
      get: (o?: CallOptions) => call(endpoints.getSecurity, { ...o }),
      /** For sensitive changes, which otherwise answer `proof_required`. */
      prove: (body: Body<E['prove']>, o?: CallOptions) => call(endpoints.prove, { body, ...o }),
      provePasskey: (o?: CallOptions) => call(endpoints.startProofPasskey, { ...o }),
      startTotp: (o?: CallOptions) => call(endpoints.startTotp, { ...o }),
      confirmTotp: (code: string, o?: CallOptions) => call(endpoints.confirmTotp, { body: { code }, ...o }),
      removeTotp: (o?: CallOptions) => call(endpoints.removeTotp, { ...o }),
      makeRecoveryCodes: (o?: CallOptions) => call(endpoints.makeRecoveryCodes, { ...o }),
    },

    passkeys: {
      list: (o?: CallOptions) => call(endpoints.listPasskeys, { ...o }),
      options: (o?: CallOptions) => call(endpoints.startPasskey, { ...o }),
      add: (body: Body<E['addPasskey']>, o?: CallOptions) => call(endpoints.addPasskey, { body, ...o }),
      rename: (id: string, name: string, o?: CallOptions) =>
        call(endpoints.renamePasskey, { params: { id }, body: { name }, ...o }),
      remove: (id: string, o?: CallOptions) => call(endpoints.removePasskey, { params: { id }, ...o }),
    },

    sessions: {
      list: (o?: CallOptions) => call(endpoints.listSessions, { ...o }),
      revoke: (id: string, o?: CallOptions) => call(endpoints.revokeSession, { params: { id }, ...o }),
      revokeOthers: (o?: CallOptions) => call(endpoints.revokeOtherSessions, { ...o }),
    },

    secondFactorPolicy: {
      get: (o?: CallOptions) => call(endpoints.getSecondFactorPolicy, { ...o }),
      set: (body: Body<E['setSecondFactorPolicy']>, o?: CallOptions) =>
        call(endpoints.setSecondFactorPolicy, { body, ...o }),
      /** Removes all second factors of somebody who lost them. */
      reset: (userId: string, o?: CallOptions) => call(endpoints.resetSecondFactor, { params: { id: userId }, ...o }),
    },

    me: {
      get: (o?: CallOptions) => call(endpoints.getMe, { ...o }),
      update: (body: Body<E['updateMe']>, o?: CallOptions) => call(endpoints.updateMe, { body, ...o }),
      changeEmail: (body: Body<E['changeEmail']>, o?: CallOptions) => call(endpoints.changeEmail, { body, ...o }),
      requestEmailVerification: (o?: CallOptions) => call(endpoints.requestEmailVerification, { ...o }),
      /** Joins the workspace of an invitation; the session goes on there. */
      acceptInvitation: (token: string, o?: CallOptions) => call(endpoints.acceptInvitation, { body: { token }, ...o }),
    },

    people: {
      list: (query?: Query<E['listPeople']>, o?: CallOptions) => call(endpoints.listPeople, { query, ...o }),
      get: (id: string, o?: CallOptions) => call(endpoints.getPerson, { params: { id }, ...o }),
      remove: (id: string, o?: CallOptions) => call(endpoints.removePerson, { params: { id }, ...o }),
    },

    invitations: {
      list: (query?: Query<E['listInvitations']>, o?: CallOptions) => call(endpoints.listInvitations, { query, ...o }),
      create: (body: Body<E['createInvitation']>, o?: CallOptions) => call(endpoints.createInvitation, { body, ...o }),
      resend: (id: string, o?: CallOptions) => call(endpoints.resendInvitation, { params: { id }, ...o }),
      revoke: (id: string, o?: CallOptions) => call(endpoints.revokeInvitation, { params: { id }, ...o }),
    },

    workspaces: {
      list: (o?: CallOptions) => call(endpoints.listWorkspaces, { ...o }),
      create: (name: string, o?: CallOptions) => call(endpoints.createWorkspace, { body: { name }, ...o }),
      rename: (name: string, o?: CallOptions) => call(endpoints.renameWorkspace, { body: { name }, ...o }),
      /** Has the session be in another workspace from now on. */
      switch: (workspaceId: string, o?: CallOptions) =>
        call(endpoints.switchWorkspace, { body: { workspaceId }, ...o }),
      leave: (o?: CallOptions) => call(endpoints.leaveWorkspace, { ...o }),
    },

    apiKeys: {
      list: (query?: Query<E['listApiKeys']>, o?: CallOptions) => call(endpoints.listApiKeys, { query, ...o }),
      create: (body: Body<E['createApiKey']>, o?: CallOptions) => call(endpoints.createApiKey, { body, ...o }),
      update: (id: string, body: Body<E['updateApiKey']>, o?: CallOptions) =>
        call(endpoints.updateApiKey, { params: { id }, body, ...o }),
      /** A new secret at once; the old one stays good for `overlapSeconds` (a day). */
      rotate: (id: string, body: Body<E['rotateApiKey']> = {}, o?: CallOptions) =>
        call(endpoints.rotateApiKey, { params: { id }, body, ...o }),
      revoke: (id: string, o?: CallOptions) => call(endpoints.revokeApiKey, { params: { id }, ...o }),
    },

    serviceAccounts: {
      list: (query?: Query<E['listServiceAccounts']>, o?: CallOptions) =>
        call(endpoints.listServiceAccounts, { query, ...o }),
      create: (body: Body<E['createServiceAccount']>, o?: CallOptions) =>
        call(endpoints.createServiceAccount, { body, ...o }),
      update: (id: string, body: Body<E['updateServiceAccount']>, o?: CallOptions) =>
        call(endpoints.updateServiceAccount, { params: { id }, body, ...o }),
      delete: (id: string, o?: CallOptions) => call(endpoints.deleteServiceAccount, { params: { id }, ...o }),
    },

    /** Sites whose pages may call the API of the workspace. */
    webOrigins: {
      list: (o?: CallOptions) => call(endpoints.listWebOrigins, { ...o }),
      add: (origin: string, o?: CallOptions) => call(endpoints.addWebOrigin, { body: { origin }, ...o }),
      remove: (id: string, o?: CallOptions) => call(endpoints.removeWebOrigin, { params: { id }, ...o }),
    },

    /** Directories that provision people by SCIM; for administrators. */
    provisioning: {
      get: (o?: CallOptions) => call(endpoints.getProvisioning, { ...o }),
      createToken: (name: string, o?: CallOptions) => call(endpoints.createScimToken, { body: { name }, ...o }),
      /** The old token works for `overlapHours` more, 24 by default. */
      rotateToken: (id: string, body: Body<E['rotateScimToken']> = {}, o?: CallOptions) =>
        call(endpoints.rotateScimToken, { params: { id }, body, ...o }),
      revokeToken: (id: string, o?: CallOptions) => call(endpoints.revokeScimToken, { params: { id }, ...o }),
      people: (query?: Query<E['listProvisionedPeople']>, o?: CallOptions) =>
        call(endpoints.listProvisionedPeople, { query, ...o }),
      repeatOffer: (id: string, o?: CallOptions) => call(endpoints.repeatOffer, { params: { id }, ...o }),
    },

    /** What the link of a mail offers to the person who is signed in. */
    workspaceOffers: {
      look: (token: string, o?: CallOptions) => call(endpoints.lookAtOffer, { body: { token }, ...o }),
      accept: (token: string, o?: CallOptions) => call(endpoints.acceptOffer, { body: { token }, ...o }),
      decline: (token: string, o?: CallOptions) => call(endpoints.declineOffer, { body: { token }, ...o }),
    },

    conversations: {
      list: (query?: Query<E['listConversations']>, o?: CallOptions) =>
        call(endpoints.listConversations, { query, ...o }),
      create: (body: Body<E['createConversation']> = {}, o?: CallOptions) =>
        call(endpoints.createConversation, { body, ...o }),
      get: (id: string, o?: CallOptions) => call(endpoints.getConversation, { params: { id }, ...o }),
      update: (id: string, body: Body<E['updateConversation']>, o?: CallOptions) =>
        call(endpoints.updateConversation, { params: { id }, body, ...o }),
      delete: (id: string, o?: CallOptions) => call(endpoints.deleteConversation, { params: { id }, ...o }),
      /** Who wrote in it, its owner first. */
      participants: (id: string, o?: CallOptions) => call(endpoints.listParticipants, { params: { id }, ...o }),
      /** Whom it is shared with. */
      grants: (id: string, query?: Query<E['listConversationGrants']>, o?: CallOptions) =>
        call(endpoints.listConversationGrants, { params: { id }, query, ...o }),
      share: (id: string, body: Body<E['putConversationGrant']>, o?: CallOptions) =>
        call(endpoints.putConversationGrant, { params: { id }, body, ...o }),
      unshare: (id: string, grantId: string, o?: CallOptions) =>
        call(endpoints.deleteConversationGrant, { params: { id, grantId }, ...o }),
    },

    presets: {
      /** Without their instructions. */
      list: (query?: Query<E['listPresets']>, o?: CallOptions) => call(endpoints.listPresets, { query, ...o }),
      get: (id: string, o?: CallOptions) => call(endpoints.getPreset, { params: { id }, ...o }),
      create: (body: Body<E['createPreset']>, o?: CallOptions) => call(endpoints.createPreset, { body, ...o }),
      update: (id: string, body: Body<E['updatePreset']>, o?: CallOptions) =>
        call(endpoints.updatePreset, { params: { id }, body, ...o }),
      delete: (id: string, o?: CallOptions) => call(endpoints.deletePreset, { params: { id }, ...o }),
      duplicate: (id: string, body: Body<E['duplicatePreset']> = {}, o?: CallOptions) =>
        call(endpoints.duplicatePreset, { params: { id }, body, ...o }),
      /** Whom it is shared with. */
      grants: (id: string, query?: Query<E['listPresetGrants']>, o?: CallOptions) =>
        call(endpoints.listPresetGrants, { params: { id }, query, ...o }),
      share: (id: string, body: Body<E['putPresetGrant']>, o?: CallOptions) =>
        call(endpoints.putPresetGrant, { params: { id }, body, ...o }),
      unshare: (id: string, grantId: string, o?: CallOptions) =>
        call(endpoints.deletePresetGrant, { params: { id, grantId }, ...o }),
    },

    /** People and groups to share with, by words of their names. */
    shareableWith: (query?: Query<E['listShareableWith']>, o?: CallOptions) =>
      call(endpoints.listShareableWith, { query, ...o }),

    roles: {
      list: (query?: Query<E['listRoles']>, o?: CallOptions) => call(endpoints.listRoles, { query, ...o }),
      get: (id: string, o?: CallOptions) => call(endpoints.getRole, { params: { id }, ...o }),
      create: (body: Body<E['createRole']>, o?: CallOptions) => call(endpoints.createRole, { body, ...o }),
      update: (id: string, body: Body<E['updateRole']>, o?: CallOptions) =>
        call(endpoints.updateRole, { params: { id }, body, ...o }),
      /** People who have it get `replacement`. */
      delete: (id: string, replacement?: string, o?: CallOptions) =>
        call(endpoints.deleteRole, { params: { id }, query: { replacement }, ...o }),
      assign: (id: string, userId: string, o?: CallOptions) =>
        call(endpoints.assignRole, { params: { id, userId }, ...o }),
    },

    groups: {
      list: (query?: Query<E['listGroups']>, o?: CallOptions) => call(endpoints.listGroups, { query, ...o }),
      get: (id: string, o?: CallOptions) => call(endpoints.getGroup, { params: { id }, ...o }),
      create: (body: Body<E['createGroup']>, o?: CallOptions) => call(endpoints.createGroup, { body, ...o }),
      update: (id: string, body: Body<E['updateGroup']>, o?: CallOptions) =>
        call(endpoints.updateGroup, { params: { id }, body, ...o }),
      /** A role for whoever is in it, or none; its people are then changed by the directory alone. */
      setRole: (id: string, role: string | null, o?: CallOptions) =>
        call(endpoints.setGroupRole, { params: { id }, body: { role }, ...o }),
      delete: (id: string, o?: CallOptions) => call(endpoints.deleteGroup, { params: { id }, ...o }),
      members: (id: string, query?: Query<E['listGroupMembers']>, o?: CallOptions) =>
        call(endpoints.listGroupMembers, { params: { id }, query, ...o }),
      addMember: (id: string, userId: string, o?: CallOptions) =>
        call(endpoints.addGroupMember, { params: { id, userId }, ...o }),
      removeMember: (id: string, userId: string, o?: CallOptions) =>
        call(endpoints.removeGroupMember, { params: { id, userId }, ...o }),
    },

    messages: {
      /** A branch, oldest first; `nextCursor` leads to earlier messages. */
      list: (conversationId: string, query?: Query<E['listMessages']>, o?: CallOptions) =>
        call(endpoints.listMessages, { params: { id: conversationId }, query, ...o }),
      /** Sends and answers at once; follow the reply with `runs.follow(started.run.id)`. */
      send: (conversationId: string, body: Body<E['sendMessage']>, o?: CallOptions) =>
        call(endpoints.sendMessage, { params: { id: conversationId }, body, ...o }) as Promise<Started>,
      /** Answers again beside an assistant message. */
      regenerate: (id: string, body: Body<E['regenerateMessage']> = {}, o?: CallOptions) =>
        call(endpoints.regenerateMessage, { params: { id }, body, ...o }) as Promise<Started>,
      /** The message as a run writes it: new values share what did not change. `frame` says when the next may come. */
      follow: (message: Message, runId: string, o: FollowOptions & { frame?: () => Promise<void> } = {}) =>
        followMessage(message, followRun(requester, runId, o), o.frame),
    },

    runs: {
      get: (id: string, o?: CallOptions) => call(endpoints.getRun, { params: { id }, ...o }),
      /** The run's events to its end, each once and in order, over as many connections as it takes. */
      follow: (id: string, o?: FollowOptions): RunStream => followRun(requester, id, o),
      stop: (id: string, o?: CallOptions) => call(endpoints.stopRun, { params: { id }, ...o }),
      /** Answers what an interrupted run asked; another run goes on with its message. */
      resume: (id: string, answers: BodyOf<E['resumeRun']>['answers'], o?: CallOptions) =>
        call(endpoints.resumeRun, { params: { id }, body: { answers }, ...o }) as Promise<Started>,
    },

    limits: {
      /** What limits the caller now, with what is left. */
      get: (o?: CallOptions) => call(endpoints.getMyLimits, { ...o }),
      plans: (o?: CallOptions) => call(endpoints.listPlans, { ...o }),
      updatePlan: (id: string, body: Body<E['updatePlan']>, o?: CallOptions) =>
        call(endpoints.updatePlan, { params: { id }, body, ...o }),
      workspacePlans: (o?: CallOptions) => call(endpoints.listWorkspacePlans, { ...o }),
      setWorkspacePlan: (workspaceId: string, planId: string | null, o?: CallOptions) =>
        call(endpoints.setWorkspacePlan, { params: { workspaceId }, body: { planId }, ...o }),
      overrides: (o?: CallOptions) => call(endpoints.listLimitOverrides, { ...o }),
      setOverride: (body: Body<E['setLimitOverride']>, o?: CallOptions) =>
        call(endpoints.setLimitOverride, { body, ...o }),
      deleteOverride: (id: string, o?: CallOptions) => call(endpoints.deleteLimitOverride, { params: { id }, ...o }),
    },

    models: {
      list: (query?: Query<E['listModels']>, o?: CallOptions) => call(endpoints.listModels, { query, ...o }),
      setDefault: (model: string | null, o?: CallOptions) => call(endpoints.setDefaultModel, { body: { model }, ...o }),
    },

    modelProviders: {
      list: (query?: Query<E['listProviders']>, o?: CallOptions) => call(endpoints.listProviders, { query, ...o }),
      create: (body: Body<E['createProvider']>, o?: CallOptions) => call(endpoints.createProvider, { body, ...o }),
      update: (id: string, body: Body<E['updateProvider']>, o?: CallOptions) =>
        call(endpoints.updateProvider, { params: { id }, body, ...o }),
      delete: (id: string, o?: CallOptions) => call(endpoints.deleteProvider, { params: { id }, ...o }),
      test: (id: string, o?: CallOptions) => call(endpoints.testProvider, { params: { id }, ...o }),
    },

    /** Where requests of the workspace may go. */
    outbound: {
      get: (o?: CallOptions) => call(endpoints.getOutbound, { ...o }),
      set: (hosts: string[], o?: CallOptions) => call(endpoints.setOutbound, { body: { hosts }, ...o }),
    },

    /** What happens to private data before a model gets it. */
    privacy: {
      get: (o?: CallOptions) => call(endpoints.getPrivacy, { ...o }),
      set: (mode: Body<E['setPrivacy']>['mode'], o?: CallOptions) =>
        call(endpoints.setPrivacy, { body: { mode }, ...o }),
    },

    usage: {
      /** Sums by day, of the whole workspace. */
      report: (query?: Query<E['getUsageReport']>, o?: CallOptions) => call(endpoints.getUsageReport, { query, ...o }),
      entries: (query?: Query<E['listUsageEntries']>, o?: CallOptions) =>
        call(endpoints.listUsageEntries, { query, ...o }),
      settings: (o?: CallOptions) => call(endpoints.getUsageSettings, { ...o }),
      updateSettings: (body: Body<E['updateUsageSettings']>, o?: CallOptions) =>
        call(endpoints.updateUsageSettings, { body, ...o }),
    },

    myUsage: {
      /** Sums by day, of one's own calls. */
      report: (query?: Query<E['getMyUsageReport']>, o?: CallOptions) =>
        call(endpoints.getMyUsageReport, { query, ...o }),
      entries: (query?: Query<E['listMyUsageEntries']>, o?: CallOptions) =>
        call(endpoints.listMyUsageEntries, { query, ...o }),
      /** Budgets that count one's own calls. */
      budgets: (query?: Query<E['listMyBudgets']>, o?: CallOptions) => call(endpoints.listMyBudgets, { query, ...o }),
    },

    budgets: {
      list: (query?: Query<E['listBudgets']>, o?: CallOptions) => call(endpoints.listBudgets, { query, ...o }),
      /** People and keys that a budget may count. */
      subjects: (o?: CallOptions) => call(endpoints.listBudgetSubjects, { ...o }),
      create: (body: Body<E['createBudget']>, o?: CallOptions) => call(endpoints.createBudget, { body, ...o }),
      update: (id: string, body: Body<E['updateBudget']>, o?: CallOptions) =>
        call(endpoints.updateBudget, { params: { id }, body, ...o }),
      delete: (id: string, o?: CallOptions) => call(endpoints.deleteBudget, { params: { id }, ...o }),
    },

    billing: {
      get: (o?: CallOptions) => call(endpoints.getBilling, { ...o }),
      invoices: (query?: Query<E['listInvoices']>, o?: CallOptions) => call(endpoints.listInvoices, { query, ...o }),
      invoice: (id: string, o?: CallOptions) => call(endpoints.getInvoice, { params: { id }, ...o }),
      /** The running month so far. */
      draft: (o?: CallOptions) => call(endpoints.getInvoiceDraft, { ...o }),
      /** Answers the address to send the browser to. */
      checkout: (body: Body<E['openCheckout']>, o?: CallOptions) => call(endpoints.openCheckout, { body, ...o }),
      portal: (o?: CallOptions) => call(endpoints.openPortal, { ...o }),
      /** Address of an invoice as CSV, for a link where a session cookie is the credential. */
      exportUrl: (id: string): string => pathOf(endpoints.exportInvoice.path, { id }),
    },

    audit: {
      /** Newest first. */
      list: (query?: Query<E['listAuditEntries']>, o?: CallOptions) =>
        call(endpoints.listAuditEntries, { query, ...o }),
      /** Checks the whole chain. */
      verify: (query?: Query<E['verifyAudit']>, o?: CallOptions) => call(endpoints.verifyAudit, { query, ...o }),
      settings: (o?: CallOptions) => call(endpoints.getAuditSettings, { ...o }),
      updateSettings: (body: Body<E['updateAuditSettings']>, o?: CallOptions) =>
        call(endpoints.updateAuditSettings, { body, ...o }),
      /** The secret in the answer is shown this once. */
      setWebhook: (body: Body<E['setAuditWebhook']>, o?: CallOptions) =>
        call(endpoints.setAuditWebhook, { body, ...o }),
      deleteWebhook: (o?: CallOptions) => call(endpoints.deleteAuditWebhook, { ...o }),
    },

    guide: {
      page: (page: string, o?: CallOptions) => call(endpoints.getGuidePage, { params: { page }, ...o }),
    },

    mcpServers: {
      list: (query?: Query<E['listMcpServers']>, o?: CallOptions) => call(endpoints.listMcpServers, { query, ...o }),
      create: (body: Body<E['createMcpServer']>, o?: CallOptions) => call(endpoints.createMcpServer, { body, ...o }),
      update: (id: string, body: Body<E['updateMcpServer']>, o?: CallOptions) =>
        call(endpoints.updateMcpServer, { params: { id }, body, ...o }),
      delete: (id: string, o?: CallOptions) => call(endpoints.deleteMcpServer, { params: { id }, ...o }),
      reconnect: (id: string, o?: CallOptions) => call(endpoints.reconnectMcpServer, { params: { id }, ...o }),
      tools: (id: string, query?: Query<E['listTools']>, o?: CallOptions) =>
        call(endpoints.listTools, { params: { id }, query, ...o }),
      setToolPolicy: (id: string, tool: string, policy: Body<E['setToolPolicy']>['policy'], o?: CallOptions) =>
        call(endpoints.setToolPolicy, { params: { id, tool }, body: { policy }, ...o }),
      grants: (id: string, query?: Query<E['listMcpServerGrants']>, o?: CallOptions) =>
        call(endpoints.listMcpServerGrants, { params: { id }, query, ...o }),
      share: (id: string, body: Body<E['putMcpServerGrant']>, o?: CallOptions) =>
        call(endpoints.putMcpServerGrant, { params: { id }, body, ...o }),
      unshare: (id: string, grantId: string, o?: CallOptions) =>
        call(endpoints.deleteMcpServerGrant, { params: { id, grantId }, ...o }),
      /** Opens it to everyone, or to chosen people and groups only. */
      setAudience: (id: string, audience: Body<E['setMcpServerAudience']>['audience'], o?: CallOptions) =>
        call(endpoints.setMcpServerAudience, { params: { id }, body: { audience }, ...o }),
      callTool: (id: string, tool: string, args: Record<string, unknown>, o?: CallOptions) =>
        call(endpoints.callTool, { params: { id, tool }, body: { arguments: args }, ...o }),
    },

    toolResults: {
      /** One page, counted from 1, of a result that was too large for the model's context. */
      page: (id: string, page = 1, o?: CallOptions) =>
        call(endpoints.getToolResult, { params: { id }, query: { page }, ...o }),
    },

    files: {
      async upload(file: Blob, { name, signal }: { name?: string; signal?: AbortSignal } = {}): Promise<FileInfo> {
        const form = new FormData()
        form.append('file', file, name ?? (file instanceof File ? file.name : 'file'))
        const response = await requester.send(endpoints.uploadFile.path, { method: 'POST', body: form, signal })
        return (await response.json()) as FileInfo
      },
      get: (id: string, o?: CallOptions) => call(endpoints.getFile, { params: { id }, ...o }),
      /** The file's bytes. */
      download: (id: string, o: CallOptions = {}) =>
        requester.send(pathOf(endpoints.downloadFile.path, { id }), { signal: o.signal }),
      /** Address of the bytes, for `<img src>` where a session cookie is the credential. */
      contentUrl: (id: string): string => pathOf(endpoints.downloadFile.path, { id }),
    },

    /** What changes in any of one's windows, until the signal aborts. */
    changes: (signal: AbortSignal): AsyncGenerator<Change> => followChanges(requester, signal),
  }
}
