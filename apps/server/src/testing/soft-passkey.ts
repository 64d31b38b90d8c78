import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import type { PasskeyAssertion } from '@parley/contract'
import { isoCBOR } from '@simplewebauthn/server/helpers'

interface Options {
  challenge: string
  rp?: { id?: string }
  rpId?: string
  user?: { id: string }
}

/** What a dishonest or broken authenticator or page does otherwise. */
export interface Quirks {
  origin?: string
  rpId?: string
  challenge?: string
  type?: string
  verified?: boolean
  counter?: number
  userHandle?: string
  tamper?: boolean
}

const present = 0x01
const verified = 0x04
const attested = 0x40

/** An authenticator in software: one ES256 passkey that can be used in whatever way a test wants to try. */
export class SoftPasskey {
  readonly id = randomBytes(32).toString('base64url')
  readonly #keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  readonly #origin: string
  #userHandle = ''
  counter = 0

  constructor(origin: string) {
    this.#origin = origin
  }

  /** As `navigator.credentials.create` answers. */
  create(options: Options, quirks: Quirks = {}) {
    this.#userHandle = options.user!.id
    const { x, y } = this.#keys.publicKey.export({ format: 'jwk' })
    const key = new Map<number, number | Uint8Array>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, new Uint8Array(Buffer.from(x!, 'base64url'))],
      [-3, new Uint8Array(Buffer.from(y!, 'base64url'))],
    ])
    const id = Buffer.from(this.id, 'base64url')
    const idLength = Buffer.alloc(2)
    idLength.writeUInt16BE(id.length)
    const authData = Buffer.concat([
      this.#head(quirks.rpId ?? options.rp!.id!, quirks, attested),
      Buffer.alloc(16),
      idLength,
      id,
      isoCBOR.encode(key),
    ])
    const attestation = new Map<string, unknown>([
      ['fmt', 'none'],
      ['attStmt', new Map()],
      ['authData', new Uint8Array(authData)],
    ])
    return {
      ...this.#credential(),
      response: {
        clientDataJSON: this.#clientData('webauthn.create', options, quirks).toString('base64url'),
        attestationObject: Buffer.from(isoCBOR.encode(attestation as never)).toString('base64url'),
        transports: ['internal'],
      },
    }
  }

  /** As `navigator.credentials.get` answers. */
  get(options: Options, quirks: Quirks = {}): PasskeyAssertion {
    const clientData = this.#clientData('webauthn.get', options, quirks)
    const authData = this.#head(quirks.rpId ?? options.rpId!, quirks, 0)
    const signed = Buffer.concat([authData, createHash('sha256').update(clientData).digest()])
    const signature = sign('sha256', signed, this.#keys.privateKey)
    if (quirks.tamper) signature[signature.length - 1]! ^= 1
    return {
      ...this.#credential(),
      response: {
        clientDataJSON: clientData.toString('base64url'),
        authenticatorData: authData.toString('base64url'),
        signature: signature.toString('base64url'),
        userHandle: quirks.userHandle ?? this.#userHandle,
      },
    }
  }

  #credential() {
    return { id: this.id, rawId: this.id, type: 'public-key' as const, clientExtensionResults: {} }
  }

  #clientData(type: string, { challenge }: Options, quirks: Quirks): Buffer {
    const data = { type, challenge, origin: this.#origin, crossOrigin: false }
    const { origin, challenge: otherChallenge, type: otherType } = quirks
    return Buffer.from(
      JSON.stringify({
        ...data,
        ...(origin && { origin }),
        ...(otherChallenge && { challenge: otherChallenge }),
        ...(otherType && { type: otherType }),
      }),
    )
  }

  #head(rpId: string, quirks: Quirks, more: number): Buffer {
    const flags = present | (quirks.verified === false ? 0 : verified) | more
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(quirks.counter ?? this.counter)
    return Buffer.concat([createHash('sha256').update(rpId).digest(), Buffer.from([flags]), counter])
  }
}
