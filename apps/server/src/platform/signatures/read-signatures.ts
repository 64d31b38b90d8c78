import { type InnerList, type Item, parseDictionary } from 'structured-headers'
import { SignatureError, type SignedMessage } from './signature-base.ts'

/** One signature of a message with what it says of itself (RFC 9421, 2.3). */
export interface Signature {
  input: InnerList
  /** Names of the covered components. */
  covered: string[]
  value: Buffer
  /** Seconds since 1970. */
  created: number | undefined
  expires: number | undefined
  nonce: string | undefined
  algorithm: string | undefined
  keyId: string | undefined
}

/**
 * The signatures in the headers `Signature-Input` and `Signature`, unchecked; empty when there are none.
 * @throws SignatureError for headers that are not well-formed
 */
export function readSignatures(message: SignedMessage): Signature[] {
  const inputs = dictionary(message, 'signature-input')
  const values = dictionary(message, 'signature')
  return [...inputs].map(([label, input]) => {
    if (!isInnerList(input)) throw new SignatureError(`In Signature-Input, "${label}" has to be a list of components.`)
    const value = values.get(label)
    if (value === undefined || isInnerList(value) || !(value[0] instanceof ArrayBuffer)) {
      throw new SignatureError(`The header Signature has no bytes for "${label}".`)
    }
    const parameters = input[1]
    return {
      input,
      covered: input[0].map(([name]) => String(name)),
      value: Buffer.from(value[0]),
      created: whole(parameters.get('created')),
      expires: whole(parameters.get('expires')),
      nonce: text(parameters.get('nonce')),
      algorithm: text(parameters.get('alg')),
      keyId: text(parameters.get('keyid')),
    }
  })
}

function dictionary(message: SignedMessage, name: string) {
  try {
    return parseDictionary(message.header(name).join(', '))
  } catch (cause) {
    throw new SignatureError(`The header ${name} is not well-formed.`, { cause })
  }
}

function isInnerList(member: Item | InnerList): member is InnerList {
  return Array.isArray(member[0])
}

function whole(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? (value as number) : undefined
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
