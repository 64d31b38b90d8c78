import { fileURLToPath } from 'node:url'
import { mountAudit } from './modules/audit/index.ts'
import { mountChat } from './modules/chat/index.ts'
import { mountConversations } from './modules/conversations/index.ts'
import { mountFiles } from './modules/files/index.ts'
import { mountIdentity } from './modules/identity/index.ts'
import { mountModels } from './modules/models/index.ts'
import { mountOutbound } from './modules/outbound/index.ts'
import { mountPresets } from './modules/presets/index.ts'
import { mountPrivacy } from './modules/privacy/index.ts'
import { mountSharing } from './modules/sharing/index.ts'
import { mountTools } from './modules/tools/index.ts'
import { mountUsage } from './modules/usage/index.ts'
import { type Http, mountChangeSocket, mountHealth, mountOpenApi, mountWebApp } from './platform/http/index.ts'

const webApp = fileURLToPath(new URL('../../web/dist', import.meta.url))

/** Everything that is mounted on HTTP. `isStarted`: the process has begun its work. */
export async function mountAll(http: Http, isStarted: () => boolean): Promise<void> {
  mountHealth(http, isStarted)
  mountIdentity(http)
  mountSharing(http)
  mountFiles(http)
  mountUsage(http)
  mountOutbound(http)
  mountPrivacy(http)
  mountModels(http)
  mountTools(http)
  mountPresets(http)
  mountConversations(http)
  mountChat(http)
  mountAudit(http)
  mountOpenApi(http)
  await mountChangeSocket(http)
  await mountWebApp(http, webApp)
}
