import { type InnerList, serializeInnerList } from 'structured-headers'

/** A request as its signature sees it. */
export interface SignedMessage {
  method: string
  /** `http` or `https`. */
  scheme: string
  /** Host, with the port unless it is the scheme's own. */
  authority: string
  /** Path and query as they were sent. */
  target: string
  /** All lines of a header, in order; the name in lower case. */
  header(name: string): string[]
}

/** A signature that cannot be checked, or is not as it has to be; `message` tells the one who signed what is wrong. */
export class SignatureError extends Error {
  override readonly name = 'SignatureError'
}

/**
 * What is signed (RFC 9421, 2.5): a line for each covered component, then the parameters.
 * @throws SignatureError for components that the message lacks, that come twice, or that are not understood here
 */
export function signatureBase(message: SignedMessage, input: InnerList): string {
  const lines: string[] = []
  const seen = new Set<string>()
  for (const [name, parameters] of input[0]) {
    if (typeof name !== 'string') throw new SignatureError('Covered components have to be strings.')
    if (parameters.size > 0) {
      throw new SignatureError(`Parameters of covered components (here of "${name}") are not supported.`)
    }
    if (seen.has(name)) throw new SignatureError(`The component "${name}" is covered twice.`)
    seen.add(name)
    lines.push(`"${name}": ${name.startsWith('@') ? derived(message, name) : field(message, name)}`)
  }
  return [...lines, `"@signature-params": ${serializeInnerList(input)}`].join('\n')
}

/** RFC 9421, 2.2. */
function derived({ method, scheme, authority, target }: SignedMessage, name: string): string {
  const question = target.indexOf('?')
  switch (name) {
    case '@method':
      return method
    case '@target-uri':
      return `${scheme}://${normalAuthority(scheme, authority)}${target}`
    case '@authority':
      return normalAuthority(scheme, authority)
    case '@scheme':
      return scheme
    case '@request-target':
      return target
    case '@path':
      return (question < 0 ? target : target.slice(0, question)) || '/'
    case '@query':
      return question < 0 ? '?' : target.slice(question)
    default:
      throw new SignatureError(`The component "${name}" is not supported.`)
  }
}

/** RFC 9421, 2.1: all lines, trimmed, in one. */
function field(message: SignedMessage, name: string): string {
  if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) {
    throw new SignatureError(`"${name.slice(0, 50)}" is not the name of a header in lower case.`)
  }
  const values = message.header(name)
  if (values.length === 0) throw new SignatureError(`The header "${name}" is covered, but is not there.`)
  return values.map((value) => value.trim()).join(', ')
}

function normalAuthority(scheme: string, authority: string): string {
  return authority.toLowerCase().replace(scheme === 'https' ? /:443$/ : /:80$/, '')
}
