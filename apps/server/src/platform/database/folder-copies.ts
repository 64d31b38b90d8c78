import { cpSync, fsyncSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { copyFile, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { syncPath } from './pglite-durable-fs.ts'

/** Files whose last change is this near to when we looked may have changed again within the clock's step. */
const clockStepMs = 50

/**
 * Copies a folder that is in use. What this gives is not consistent: `finishCopy` makes it so, later and while nothing
 * is written, by copying once more only what has changed since. That pause is short whatever the size of the folder.
 * @returns for each file what it looked like before it was copied
 */
export async function beginCopy(folder: string, copy: string): Promise<Map<string, string>> {
  await rm(copy, { recursive: true, force: true })
  await mkdir(copy, { recursive: true, mode: 0o700 })
  const seen = new Map<string, string>()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const source = join(entry.parentPath, entry.name)
    const path = relative(folder, source)
    if (entry.isDirectory()) {
      await mkdir(join(copy, path), { recursive: true, mode: 0o700 })
      continue
    }
    try {
      const signature = isSettled(source) ? fileSignature(source) : 'changing'
      await mkdir(dirname(join(copy, path)), { recursive: true, mode: 0o700 })
      await copyFile(source, join(copy, path))
      await syncFile(join(copy, path))
      seen.set(path, signature)
    } catch (error) {
      // Removed while we were on our way to it: then the consistent state does not have it either.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    }
  }
  return seen
}

/** Makes `copy` equal to `folder`, which nobody writes to meanwhile. `seen` is what `beginCopy` returned. */
export function finishCopy(folder: string, copy: string, seen: Map<string, string>): void {
  const current = new Set<string>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const source = join(entry.parentPath, entry.name)
    const path = relative(folder, source)
    current.add(path)
    if (entry.isDirectory()) {
      mkdirSync(join(copy, path), { recursive: true, mode: 0o700 })
      continue
    }
    if (seen.get(path) === fileSignature(source)) continue
    cpSync(source, join(copy, path))
    syncPath(join(copy, path))
  }
  for (const path of seen.keys()) if (!current.has(path)) rmSync(join(copy, path), { force: true })
}

/** Gives a finished copy its name, and removes all but the newest `keep`. Names sort by time. */
export async function keepCopies(copies: string, finished: string, name: string, keep: number): Promise<void> {
  await rename(finished, join(copies, name))
  const folder = await open(copies, 'r')
  try {
    fsyncSync(folder.fd)
  } finally {
    await folder.close()
  }
  for (const old of await staleCopies(copies, keep)) await rm(join(copies, old), { recursive: true, force: true })
}

async function staleCopies(copies: string, keep: number): Promise<string[]> {
  const names = (await readdir(copies)).filter((name) => /^\d{4}-\d\d-\d\dT/.test(name)).sort()
  return names.slice(0, Math.max(0, names.length - keep))
}

function fileSignature(path: string): string {
  const { size, mtimeNs, ino } = statSync(path, { bigint: true })
  return `${ino}:${size}:${mtimeNs}`
}

function isSettled(path: string): boolean {
  return statSync(path).mtimeMs < Date.now() - clockStepMs
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
