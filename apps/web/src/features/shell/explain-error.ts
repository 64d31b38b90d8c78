import type { ErrorCode } from '@parley/contract'
import { ParleyError } from '@parley/sdk'

/** A sentence for people about any failure. */
export function explainError(error: unknown): string {
  if (!(error instanceof ParleyError)) return 'Something went wrong in this window. Reload the page and try again.'
  if (error.code === 'network') return 'The server could not be reached. Check your connection and try again.'
  if (error.code === 'internal') return `Something went wrong on the server. Its log has more under ${error.requestId}.`
  return error.message
}

/** True for refusals that would only come again. */
export function refusedForGood(error: unknown): boolean {
  return error instanceof ParleyError && error.status >= 400 && error.status < 500 && error.code !== 'rate_limited'
}

export interface Remedy {
  title: string
  /** What the reader can do about it. */
  advice: string
  link?: { to: '/settings/models' | '/settings/mcp-servers' | '/settings/usage'; label: string }
}

const modelSettings = { to: '/settings/models', label: 'Open model settings' } as const

/** What to do about a reply that failed. */
export function remedyOf(code: ErrorCode): Remedy {
  switch (code) {
    case 'model_auth':
      return { title: 'The provider refused the key', advice: 'Check or replace the API key.', link: modelSettings }
    case 'model_quota':
      return {
        title: 'The provider account has no credit left',
        advice: 'Top it up with the provider, or answer with another model.',
        link: modelSettings,
      }
    case 'model_rate_limited':
      return { title: 'The provider is limiting requests', advice: 'Wait a little, then try again.' }
    case 'model_overloaded':
      return { title: 'The provider is overloaded', advice: 'Try again shortly, or answer with another model.' }
    case 'model_context_too_long':
      return {
        title: 'Too long for this model',
        advice: 'Start a new chat, shorten the message, or choose a model with a larger context.',
      }
    case 'model_content_refused':
      return { title: 'The provider refused the content', advice: 'Rephrase the message, or choose another model.' }
    case 'model_network':
      return {
        title: 'The provider could not be reached',
        advice: 'Check its address and that it is running.',
        link: modelSettings,
      }
    case 'model_timeout':
      return { title: 'The provider did not answer in time', advice: 'Try again, or choose another model.' }
    case 'model_unavailable':
      return { title: 'This model is not available', advice: 'Choose another one.', link: modelSettings }
    case 'model_bad_request':
      return {
        title: 'The provider did not accept the request',
        advice: 'Try again; if it stays so, choose another model.',
      }
    case 'tool_server_unavailable':
    case 'tool_failed':
      return {
        title: 'A tool could not be used',
        advice: 'See whether its server is running.',
        link: { to: '/settings/mcp-servers', label: 'Open MCP servers' },
      }
    case 'budget_exceeded':
      return {
        title: 'A budget is used up',
        advice: 'Your question is kept.',
        link: { to: '/settings/usage', label: 'See your usage' },
      }
    case 'run_limit':
      return { title: 'The answer reached its limit', advice: 'Ask to go on, or split the task.' }
    default:
      return { title: 'The answer could not be finished', advice: 'Try again.' }
  }
}
