import { explainError } from '../../shell/explain-error.ts'
import { PasskeyError } from './passkey-browser.ts'
import { ProofCancelled } from './proof-cancelled.ts'

/** A sentence for people; undefined for what they did themselves, such as closing a window. */
export function explainFailure(error: unknown): string | undefined {
  if (error == null || error instanceof ProofCancelled) return undefined
  return error instanceof PasskeyError ? error.message : explainError(error)
}
