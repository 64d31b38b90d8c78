// What package-lock.json says: packages, and who depends on whom.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../install.mjs'

/** The project's lock file. */
export function readLock() {
  return JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
}

/** Every package from a registry: `{ path, name, entry }`, by the folder it is installed in. */
export function packagesOf(lock) {
  return Object.entries(lock.packages)
    .filter(([path, entry]) => path.includes('node_modules/') && !entry.link)
    .map(([path, entry]) => ({ path, entry, name: entry.name ?? path.slice(path.lastIndexOf('node_modules/') + 13) }))
}

/** The folder in which `name` is found from `path`, as Node looks it up; undefined where it is not installed. */
export function findFrom(lock, path, name) {
  for (let folder = path; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    if (folder.endsWith('node_modules')) continue
    const candidate = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`
    const entry = lock.packages[candidate]
    if (entry?.link) return entry.resolved
    if (entry) return candidate
    if (folder === '') return undefined
  }
}
