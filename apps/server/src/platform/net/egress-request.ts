import { type Dispatcher, request } from 'undici'

export type { Dispatcher }

/** undici's `request` through one of the ways out, for callers that read the body as it comes. Redirects are answers. */
export function egressRequest(
  dispatcher: Dispatcher,
  url: string,
  options: { method?: 'GET' | 'POST'; headers: Record<string, string>; body?: string; signal: AbortSignal },
): Promise<Dispatcher.ResponseData> {
  return request(url, { ...options, dispatcher })
}
