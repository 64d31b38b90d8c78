import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { link, mkdir, open, readFile, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { KeyringError } from './keyring-error.ts'

const KEY_BYTES = 32

/** Whether there is a master key already, so that none has to be made. */
export function hasMasterKey(dataDir: string, { masterKey }: { masterKey?: string | undefined }): boolean {
  return masterKey !== undefined || existsSync(keyFileOf(dataDir))
}

function keyFileOf(dataDir: string): string {
  return join(dataDir, 'keys', 'master.key')
}

/**
 * The 32 bytes that everything else derives from. Losing them loses every sealed secret, so an existing key that cannot be
 * read stops the start instead of being replaced.
 */
export async function loadMasterKey(
  dataDir: string,
  fromSecrets: string | undefined,
): Promise<{ key: Buffer; warnings: string[] }> {
  if (fromSecrets !== undefined) {
    const key = decodeKey(fromSecrets)
    if (key) return { key, warnings: [] }
    throw new KeyringError('PARLEY_MASTER_KEY is not base64 of 32 bytes. Make one with: openssl rand -base64 32')
  }

  const file = keyFileOf(dataDir)
  const text = (await readKeyFile(file)) ?? (await makeKeyFile(file))
  const key = decodeKey(text)
  if (!key) {
    throw new KeyringError(
      `The key file ${file} is damaged: it does not hold base64 of 32 bytes. Restore it from a backup. Only if nothing was stored with it yet, delete it to get a new one.`,
    )
  }
  return { key, warnings: await permissionWarnings(file) }
}

function decodeKey(text: string): Buffer | undefined {
  const trimmed = text.trim()
  const key = Buffer.from(trimmed, 'base64')
  // Node's decoder skips what is not base64, hence the way back.
  return key.length === KEY_BYTES && key.toString('base64') === trimmed ? key : undefined
}

async function readKeyFile(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    if (errorCode(cause) === 'ENOENT') return undefined
    throw new KeyringError(
      `The key file ${file} cannot be read (${errorCode(cause)}). Make it readable for the user that runs Parley: chown it to that user, chmod 600.`,
      { cause },
    )
  }
}

/** Makes the key complete under another name, then links it: of two first starts at once, both end with the same key. */
async function makeKeyFile(file: string): Promise<string> {
  const folder = dirname(file)
  const draft = join(folder, `master.key.${randomBytes(8).toString('hex')}`)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeDurably(draft, `${randomBytes(KEY_BYTES).toString('base64')}\n`)
    try {
      await link(draft, file)
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error
    } finally {
      await unlink(draft)
    }
    await syncFolder(folder)
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new KeyringError(
      `The key file ${file} cannot be made (${errorCode(cause)}). Make the folder ${folder} writable for the user that runs Parley, or set PARLEY_MASTER_KEY.`,
      { cause },
    )
  }
}

async function writeDurably(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function permissionWarnings(file: string): Promise<string[]> {
  if (process.platform === 'win32') return [] // has no such bits
  const warnings: string[] = []
  for (const [path, mode] of [
    [file, 0o600],
    [dirname(file), 0o700],
  ] as const) {
    const { mode: actual } = await stat(path)
    if ((actual & 0o077) === 0) continue
    warnings.push(
      `${path} is open to other users (mode ${(actual & 0o777).toString(8)}). Run: chmod ${mode.toString(8)} ${path}`,
    )
  }
  return warnings
}

function errorCode(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code
}
