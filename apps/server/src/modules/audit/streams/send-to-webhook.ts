import type { SealedAuditEntry } from '@parley/contract'
import { Webhook } from 'standardwebhooks'
import type { Platform } from '../../../platform/context.ts'
import { guardedFetch } from '../../../platform/net/index.ts'
import type { Stream } from './store.ts'
import { secretContext } from './webhook-settings.ts'

const timeoutMs = 10_000
const mostAnswerBytes = 64 * 1024

/**
 * Posts one entry, signed by Standard Webhooks; its id is the entry's, the same each time it is sent.
 * @throws Error when it was not taken
 */
export async function sendToWebhook(
  { egress, keyring, clock }: Platform,
  { chain, url, sealedSecret }: Stream,
  entry: SealedAuditEntry,
  signal: AbortSignal,
): Promise<void> {
  if (url === null || sealedSecret === null) return
  const now = clock.now()
  const body = JSON.stringify({ type: 'audit.entry', timestamp: entry.at, data: entry })
  const signature = new Webhook(keyring.open(sealedSecret, secretContext(chain))).sign(entry.id, now, body)
  const { status } = await guardedFetch(egress, url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'webhook-id': entry.id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': signature,
    },
    body,
    maxRedirects: 0,
    maxBytes: mostAnswerBytes,
    timeoutMs,
    signal,
  })
  if (status < 200 || status > 299) throw new Error(`The receiver answered with status ${status}.`)
}
