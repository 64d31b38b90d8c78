import { createHmac, randomInt } from 'node:crypto'
import { type Platform, perServer } from '../../../platform/context.ts'
import { deleteRecoveryCode, deleteRecoveryCodes, insertRecoveryCodes } from './store.ts'

const codesAtOnce = 10
// 60 bits each; no letter that could be taken for a digit.
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'
const groups = 3
const groupLength = 4

/** Makes new recovery codes in place of the former ones. They are stored hashed, so this is the time to show them. */
export async function makeRecoveryCodes(tx: Platform, userId: string): Promise<string[]> {
  const codes = Array.from({ length: codesAtOnce }, makeCode)
  await deleteRecoveryCodes(tx.db, userId)
  const hashes = codes.map((code) => hashOf(tx, userId, code))
  await insertRecoveryCodes(tx.db, userId, hashes, tx.clock.now())
  return codes
}

/** Whether it was a code of this person; it is none any more. */
export function useRecoveryCode(tx: Platform, userId: string, code: string): Promise<boolean> {
  return deleteRecoveryCode(tx.db, userId, hashOf(tx, userId, code))
}

function makeCode(): string {
  const digits = Array.from({ length: groups * groupLength }, () => alphabet[randomInt(alphabet.length)])
  return Array.from({ length: groups }, (_, group) =>
    digits.slice(group * groupLength, (group + 1) * groupLength).join(''),
  ).join('-')
}

/** Short enough to be guessed from a stolen database, so the hash is keyed with what is not in it. */
function hashOf(platform: Platform, userId: string, code: string): string {
  // As people type it: capitals, other or no dashes, letters that look like digits.
  const plain = code
    .toLowerCase()
    .replaceAll(/[^0-9a-z]/g, '')
    .replaceAll('o', '0')
    .replaceAll(/[il]/g, '1')
  return createHmac('sha256', hashKey(platform)).update(`${userId} ${plain}`).digest('hex')
}

const hashKey = perServer(({ keyring }) => keyring.derive('recovery-codes'))
