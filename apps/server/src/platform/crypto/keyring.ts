import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { KeyringError } from './keyring-error.ts'
import { loadMasterKey } from './master-key.ts'

/** Seals stored secrets and derives signing keys, all from one master key. */
export type Keyring = {
  /** Names the master key in sealed texts; tells nothing about it. */
  keyId: string
  /** What the operator should know, such as wide permissions of the key file; to be logged at start. */
  warnings: string[]
  /**
   * Encrypts text (AES-256-GCM). `context` says what it belongs to, such as `provider:<id>:key`; only the same context opens
   * it, so that a sealed text copied into another row is of no use. Answers `v1.<keyId>.<base64url of nonce, text, tag>`.
   */
  seal(plaintext: string, context: string): string
  /** Decrypts. Throws KeyringError when the text is damaged, or was sealed for another context or with another key. */
  open(sealed: string, context: string): string
  /** 32 bytes for one purpose, such as `session-cookie`; the same at every start. Unrelated to those of other purposes. */
  derive(purpose: string): Buffer
}

const NONCE_BYTES = 12
const TAG_BYTES = 16

/**
 * Opens the keyring: master key from `secrets.masterKey` (base64 of 32 bytes), else from `<dataDir>/keys/master.key`, which
 * is made at first start. Throws KeyringError with the remedy when the key cannot be used; a key is never replaced.
 */
export async function openKeyring(dataDir: string, secrets: { masterKey?: string | undefined }): Promise<Keyring> {
  const { key, warnings } = await loadMasterKey(dataDir, secrets.masterKey)
  return makeKeyring(key, warnings)
}

function makeKeyring(master: Buffer, warnings: string[]): Keyring {
  const derive = (info: string) => Buffer.from(hkdfSync('sha256', master, '', `parley/${info}`, 32))
  const sealingKey = derive('seal/v1')
  const keyId = derive('key-id').toString('hex').slice(0, 8)
  const prefix = `v1.${keyId}.`
  const boundData = (context: string) => Buffer.from(prefix + context)

  return {
    keyId,
    warnings,
    seal(plaintext, context) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', sealingKey, nonce).setAAD(boundData(context))
      const sealed = [nonce, cipher.update(plaintext, 'utf8'), cipher.final(), cipher.getAuthTag()]
      return prefix + Buffer.concat(sealed).toString('base64url')
    },
    open(sealed, context) {
      const bytes = sealedBytes(sealed, keyId)
      const nonce = bytes.subarray(0, NONCE_BYTES)
      const tag = bytes.subarray(-TAG_BYTES)
      try {
        const decipher = createDecipheriv('aes-256-gcm', sealingKey, nonce, { authTagLength: TAG_BYTES })
        decipher.setAAD(boundData(context)).setAuthTag(tag)
        const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES))
        return Buffer.concat([text, decipher.final()]).toString('utf8')
      } catch (cause) {
        throw new KeyringError(
          'A stored secret does not open: it was damaged, or moved from another record. Enter it again.',
          {
            cause,
          },
        )
      }
    },
    derive: (purpose) => derive(`derive/${purpose}`),
  }
}

function sealedBytes(sealed: string, keyId: string): Buffer {
  const parts = /^v1\.([0-9a-f]{8})\.([A-Za-z0-9_-]+)$/.exec(sealed)
  const bytes = Buffer.from(parts?.[2] ?? '', 'base64url')
  if (!parts || bytes.length < NONCE_BYTES + TAG_BYTES) {
    throw new KeyringError('A stored secret is not in a format that this release reads. Enter it again.')
  }
  if (parts[1] !== keyId) {
    throw new KeyringError(
      `A stored secret was sealed with master key ${parts[1]}, and this server runs with ${keyId}. Restore the former key, or enter the secret again.`,
    )
  }
  return bytes
}
