import { isIP } from 'node:net'
import type { Config } from '../../../platform/config/index.ts'
import type { Platform } from '../../../platform/context.ts'
import { AppError } from '../../../platform/errors.ts'

/** The name passkeys are made for (the host of PUBLIC_URL), and the one origin they may be used at. */
export function relyingPartyOf({ config }: Platform): { rpId: string; origin: string } {
  const origin = passkeyOrigin(config)
  if (origin === null) {
    throw new AppError(
      'unprocessable',
      'Passkeys need Parley under a host name, over HTTPS (or at localhost). Whoever runs it can set PUBLIC_URL.',
    )
  }
  return { rpId: new URL(origin).hostname, origin }
}

/** Where passkeys work; null where browsers offer none: by plain HTTP, and at an address without a name. */
export function passkeyOrigin(config: Config): string | null {
  const { origin, hostname, protocol } = new URL(config.http.publicUrl)
  if (isIP(hostname.replace(/^\[|\]$/g, '')) !== 0) return null
  const local = hostname === 'localhost' || hostname.endsWith('.localhost')
  return protocol === 'https:' || local ? origin : null
}
