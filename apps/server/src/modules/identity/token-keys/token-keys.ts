import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { tokenKeySchema } from '@parley/contract'
import { calculateJwkThumbprint } from 'jose'
import type { z } from 'zod'
import { audit } from '../../../platform/audit/index.ts'
import { inTransaction, type Platform, perServer } from '../../../platform/context.ts'
import { KeyringError } from '../../../platform/crypto/index.ts'
import { accessTokenSeconds } from './lifetime.ts'
import { endTokenKeys, insertTokenKey, listTokenKeys, lockTokenKeys, type TokenKeyRow } from './store.ts'

/** How long others may keep the published keys. */
export const publishedForSeconds = 300
/** A new key is published for this long before it signs: longer than anyone keeps the list. */
const announcedMs = 2 * publishedForSeconds * 1000
/** How long a key is good after the next one signs: as long as the last token it signed, and a minute for clocks. */
const overlapMs = (accessTokenSeconds + 60) * 1000
/** How often a process looks for keys that another made. */
const readEveryMs = 60_000
/** For a token with a key that is not known, at most this often. */
const readAgainMs = 2_000
const rotateEveryMs = 30 * 24 * 3600_000
const channel = 'identity:token-keys'

export interface TokenKey {
  id: string
  publicKey: KeyObject
  row: TokenKeyRow
}

/**
 * The keys of access tokens as this process knows them: read from the database, never older than a minute. All is done
 * with the caller's database; what is read in a transaction is not remembered, it may be undone.
 */
class TokenKeys {
  #keys: TokenKey[] = []
  #readAt = Number.NEGATIVE_INFINITY
  readonly #private = new Map<string, KeyObject>()

  /** All that are good now, also those that are only announced; newest first. */
  async list(platform: Platform): Promise<TokenKey[]> {
    const now = platform.clock.now()
    const age = now.getTime() - this.#readAt
    const keys = age >= 0 && age < readEveryMs ? this.#keys : await this.#read(platform, now)
    return keys.filter(({ row }) => row.goodUntil === null || row.goodUntil > now)
  }

  /** The key of that id, if it is good now. */
  async find(platform: Platform, id: string): Promise<TokenKey | undefined> {
    const known = (await this.list(platform)).find((key) => key.id === id)
    const now = platform.clock.now()
    if (known !== undefined || now.getTime() - this.#readAt < readAgainMs) return known
    return (await this.#read(platform, now)).find((key) => key.id === id)
  }

  /** The newest key that signs already; the first of all is made here. */
  async signing(platform: Platform): Promise<{ id: string; privateKey: KeyObject }> {
    const found = this.#open(platform, await this.list(platform))
    if (found !== undefined) return found
    const make = async (tx: Platform) => {
      // Of several processes one makes it; the others find it.
      await lockTokenKeys(tx.db)
      const made = this.#open(tx, await this.#read(tx, tx.clock.now()))
      if (made !== undefined) return made
      const row = await newKey(tx, tx.clock.now())
      await insertTokenKey(tx.db, row)
      return this.#open(tx, [toKey(row)])!
    }
    const first = platform.db.isTransaction ? await make(platform) : await inTransaction(platform, make)
    this.forget()
    return first
  }

  forget(): void {
    this.#readAt = Number.NEGATIVE_INFINITY
    this.#private.clear()
  }

  /** The newest of the keys that signs already, and opens. */
  #open({ keyring, clock, log }: Platform, keys: TokenKey[]): { id: string; privateKey: KeyObject } | undefined {
    const now = clock.now()
    for (const { id, row } of keys) {
      if (row.signsFrom > now) continue
      try {
        const privateKey = this.#private.get(id) ?? createPrivateKey(keyring.open(row.sealedPrivateKey, sealedFor(id)))
        this.#private.set(id, privateKey)
        return { id, privateKey }
      } catch (error) {
        if (!(error instanceof KeyringError)) throw error
        log.error({ err: error, key: id }, 'A key of access tokens does not open; another one signs.')
      }
    }
    return undefined
  }

  async #read({ db }: Platform, now: Date): Promise<TokenKey[]> {
    const keys = (await listTokenKeys(db, now)).map(toKey)
    if (!db.isTransaction) {
      this.#keys = keys
      this.#readAt = now.getTime()
    }
    return keys
  }
}

export const tokenKeys = perServer(({ bus }) => {
  const keys = new TokenKeys()
  bus.subscribe(channel, () => keys.forget())
  return keys
})

/**
 * Makes a new key. By itself it signs once everyone who verifies has had time to see it, and the former ones stay good as
 * long as their last tokens. With `atOnce` it signs from now on and the former ones end, and with them all access tokens.
 */
export async function rotateTokenKeys(
  platform: Pick<Platform, 'db' | 'keyring' | 'clock' | 'bus'>,
  { atOnce }: { atOnce: boolean },
): Promise<TokenKeyRow> {
  const now = platform.clock.now()
  const signsFrom = atOnce ? now : new Date(now.getTime() + announcedMs)
  const made = await platform.db.transaction().execute(async (db) => {
    await lockTokenKeys(db)
    await endTokenKeys(db, atOnce ? now : new Date(signsFrom.getTime() + overlapMs), now)
    const key = await newKey(platform, signsFrom)
    await insertTokenKey(db, key)
    return key
  })
  platform.bus.publish(channel, null)
  return made
}

/** Makes a new key when the newest is a month old. */
export async function rotateOldTokenKeys(platform: Platform): Promise<void> {
  const now = platform.clock.now()
  const [newest] = await listTokenKeys(platform.db, now)
  if (newest === undefined || now.getTime() - newest.createdAt.getTime() < rotateEveryMs) return
  const { id, signsFrom } = await rotateTokenKeys(platform, { atOnce: false })
  await audit(platform, {
    action: 'token-key.rotated',
    subject: { kind: 'token-key', id },
    after: { signsFrom, atOnce: false },
    workspaces: 'installation',
    by: { kind: 'system', credentialId: 'rotate-token-keys' },
  })
  platform.log.info({ key: id, signsFrom }, 'Access tokens get a new key.')
}

/** A key as it is published (RFC 7517, RFC 8037). */
export function presentTokenKey({ id, row }: TokenKey): z.infer<typeof tokenKeySchema> {
  return { ...jwkOf(row.publicKey), kid: id, alg: 'EdDSA', use: 'sig' }
}

async function newKey(platform: Pick<Platform, 'keyring' | 'clock'>, signsFrom: Date): Promise<TokenKeyRow> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const x = publicKey.export({ format: 'jwk' }).x!
  const id = await calculateJwkThumbprint(jwkOf(x))
  const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString()
  return {
    id,
    publicKey: x,
    sealedPrivateKey: platform.keyring.seal(pem, sealedFor(id)),
    createdAt: platform.clock.now(),
    signsFrom,
    goodUntil: null,
  }
}

function toKey(row: TokenKeyRow): TokenKey {
  return { id: row.id, publicKey: createPublicKey({ key: jwkOf(row.publicKey), format: 'jwk' }), row }
}

function jwkOf(x: string) {
  return { kty: 'OKP' as const, crv: 'Ed25519' as const, x }
}

function sealedFor(id: string): string {
  return `token-key:${id}`
}
