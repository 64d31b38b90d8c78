import { apiKeyEndpoints } from './api-keys.ts'
import { auditEndpoints } from './audit.ts'
import { billingEndpoints } from './billing.ts'
import { budgetEndpoints } from './budgets.ts'
import { chatEndpoints } from './chat.ts'
import { connectedAccountEndpoints } from './connected-accounts.ts'
import { conversationEndpoints } from './conversations.ts'
import { emailedLinkEndpoints } from './emailed-links.ts'
import { fileEndpoints } from './files.ts'
import { identityEndpoints } from './identity.ts'
import { invitationEndpoints } from './invitations.ts'
import { limitEndpoints } from './limits.ts'
import { modelEndpoints } from './models.ts'
import { outboundEndpoints } from './outbound.ts'
import { passkeyEndpoints } from './passkeys.ts'
import { peopleEndpoints } from './people.ts'
import { presetEndpoints } from './presets.ts'
import { privacyEndpoints } from './privacy.ts'
import { provisioningEndpoints } from './provisioning.ts'
import { groupEndpoints, roleEndpoints } from './roles.ts'
import { secondFactorEndpoints } from './second-factor.ts'
import { securityEndpoints } from './security.ts'
import { serviceAccountEndpoints } from './service-accounts.ts'
import { sessionEndpoints } from './sessions.ts'
import { sharingEndpoints } from './sharing.ts'
import { signInEndpoints } from './sign-in.ts'
import { signInProviderEndpoints } from './sign-in-providers.ts'
import { tokenKeyEndpoints } from './token-keys.ts'
import { toolEndpoints } from './tools.ts'
import { usageEndpoints } from './usage.ts'
import { webOriginEndpoints } from './web-origins.ts'

export * from './api-keys.ts'
export * from './apply-event.ts'
export * from './audit.ts'
export * from './billing.ts'
export * from './budgets.ts'
export * from './chat.ts'
export * from './common.ts'
export * from './connected-accounts.ts'
export * from './conversations.ts'
export * from './emailed-links.ts'
export * from './endpoint.ts'
export * from './errors.ts'
export * from './events.ts'
export * from './files.ts'
export * from './identity.ts'
export * from './invitations.ts'
export * from './limits.ts'
export * from './messages.ts'
export * from './models.ts'
export * from './outbound.ts'
export * from './passkeys.ts'
export * from './people.ts'
export * from './presets.ts'
export * from './privacy.ts'
export * from './provisioning.ts'
export * from './roles.ts'
export * from './second-factor.ts'
export * from './second-factor-required.ts'
export * from './security.ts'
export * from './service-accounts.ts'
export * from './sessions.ts'
export * from './sharing.ts'
export * from './sign-in.ts'
export * from './sign-in-problems.ts'
export * from './sign-in-providers.ts'
export * from './token-keys.ts'
export * from './tools.ts'
export * from './usage.ts'
export * from './web-origins.ts'

/** Every operation of the native API. */
export const endpoints = {
  ...identityEndpoints,
  ...roleEndpoints,
  ...groupEndpoints,
  ...sharingEndpoints,
  ...apiKeyEndpoints,
  ...serviceAccountEndpoints,
  ...tokenKeyEndpoints,
  ...signInEndpoints,
  ...connectedAccountEndpoints,
  ...signInProviderEndpoints,
  ...peopleEndpoints,
  ...invitationEndpoints,
  ...emailedLinkEndpoints,
  ...privacyEndpoints,
  ...provisioningEndpoints,
  ...secondFactorEndpoints,
  ...outboundEndpoints,
  ...passkeyEndpoints,
  ...securityEndpoints,
  ...sessionEndpoints,
  ...webOriginEndpoints,
  ...fileEndpoints,
  ...limitEndpoints,
  ...modelEndpoints,
  ...toolEndpoints,
  ...presetEndpoints,
  ...conversationEndpoints,
  ...chatEndpoints,
  ...usageEndpoints,
  ...budgetEndpoints,
  ...billingEndpoints,
  ...auditEndpoints,
}
