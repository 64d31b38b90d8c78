import { SdkError, SdkErrorCode, SdkHttpError, UnauthorizedError } from '@modelcontextprotocol/client'
import { messageOf } from '../../platform/errors.ts'
import { EgressRefused } from '../../platform/net/index.ts'
import { ConnectFailed } from './open-session.ts'
import type { ServerSpec } from './types.ts'

const maxCharacters = 1_000
const shortestSecret = 4

/** What is wrong with a connection and what to do about it, for people. Never holds a secret of the server. */
export function describeFailure(failure: unknown, spec: ServerSpec): string {
  return withoutSecrets(sentenceOf(failure, spec), spec).slice(0, maxCharacters).toWellFormed()
}

/** Whether the server said no, which trying again soon will not change. */
export function isRefusal(failure: unknown): boolean {
  const status = statusOf(failure)
  return failure instanceof EgressRefused || status === 401 || status === 403
}

function sentenceOf(failure: unknown, spec: ServerSpec): string {
  const status = statusOf(failure)
  if (failure instanceof ConnectFailed) {
    if (failure.message === 'ENOENT') {
      return `The program "${spec.command}" was not found on this server. Correct the command, or install the program.`
    }
    if (failure.message === 'EACCES') {
      return `The program "${spec.command}" may not be run. Check its permissions.`
    }
    const words = failure.lastWords ? ` Its last words: ${failure.lastWords}` : ''
    return `The program did not start as an MCP server. ${failure.message}${words}`
  }
  if (status === 401 || status === 403) {
    return `The server refused access (HTTP ${status}). Give it a valid key in its headers.`
  }
  if (status !== undefined) return `The server answered HTTP ${status}. Check its address.`
  if (failure instanceof EgressRefused) return failure.message
  if (isTimeout(failure)) return 'The server did not answer in time. Look whether it runs.'
  return networkSentence(failure) ?? messageOf(failure)
}

function networkSentence(failure: unknown): string | undefined {
  for (let error = failure; error instanceof Error; error = error.cause) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ECONNREFUSED') return 'Nothing answers at the address. Look whether the server runs there.'
    if (code === 'ENOTFOUND') return 'The name of the address was not found. Check its spelling.'
    if (code === 'ECONNRESET' || code === 'UND_ERR_SOCKET') return 'The server cut the connection.'
  }
  return undefined
}

function statusOf(failure: unknown): number | undefined {
  if (failure instanceof UnauthorizedError) return 401
  return failure instanceof SdkHttpError ? failure.status : undefined
}

function isTimeout(failure: unknown): boolean {
  if (failure instanceof SdkError && failure.code === SdkErrorCode.RequestTimeout) return true
  return failure instanceof Error && failure.name === 'TimeoutError'
}

function withoutSecrets(text: string, spec: ServerSpec): string {
  let secrets: string[]
  try {
    secrets = Object.values(spec.openSecrets())
  } catch {
    return text // they do not open, so nothing was sent that could have come back
  }
  const parts = secrets.flatMap((secret) => [secret, ...secret.split(/\s+/)]).filter((s) => s.length >= shortestSecret)
  return parts.sort((a, b) => b.length - a.length).reduce((clean, secret) => clean.replaceAll(secret, '•••'), text)
}
