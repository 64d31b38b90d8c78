import type { Platform } from '../../../platform/context.ts'
import { egressFetch } from '../../../platform/net/index.ts'
import { SignInRefused } from './refusal.ts'

const maxBytes = 1024 * 1024
const timeoutMs = 10_000

/**
 * A fetch to a provider: to any address for the operator's, to permitted ones for a workspace's own. It ends after ten
 * seconds, follows no redirect, and takes a megabyte at most.
 */
export function providerFetch(
  { egress }: Platform,
  source: 'environment' | 'workspace',
): (url: string, init?: RequestInit) => Promise<Response> {
  const fetch = egressFetch(source === 'environment' ? egress.trusted : egress.guarded)
  return async (url, init = {}) => {
    const deadline = AbortSignal.timeout(timeoutMs)
    const signal = init.signal ? AbortSignal.any([init.signal, deadline]) : deadline
    const response = await fetch(url, { ...init, redirect: 'manual', signal })
    const body = await readAtMost(response)
    return new Response([204, 205, 304].includes(response.status) ? null : body, response)
  }
}

async function readAtMost(response: Response): Promise<Buffer<ArrayBuffer>> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw new SignInRefused('provider_failed', 'The provider sent more than a megabyte.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
