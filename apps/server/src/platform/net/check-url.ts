import type { Egress } from './egress.ts'
import { EgressRefused } from './egress-refused.ts'

/**
 * Looks at an address that a person wants to save. Answers a sentence that says what is wrong and what to do, or undefined.
 * An early hint only: what counts is the check at each connection.
 */
export async function checkUrl(egress: Egress, address: string): Promise<string | undefined> {
  const url = URL.parse(address)
  if (!url) return 'That is not a complete address. Write one such as https://api.example.com/v1.'
  try {
    await egress.requireAllowed(url)
    return undefined
  } catch (error) {
    if (error instanceof EgressRefused) return error.message
    return `${url.hostname} was not found. Check the spelling of the address, and this server's DNS.`
  }
}
