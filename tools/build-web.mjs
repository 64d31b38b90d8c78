// Builds the web app when it is older than its sources, and writes the bill of materials of all that is shipped.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { environment, nodeProgram, root } from './install.mjs'
import { writeSbom } from './supply-chain/sbom.mjs'

const sources = ['apps/web', 'packages/ui', 'packages/sdk', 'packages/contract', 'package-lock.json']
const dist = join(root, 'apps/web/dist')
const marker = join(dist, '.built-from')

/** Makes apps/web/dist what its sources say; does nothing when it is. */
export function buildWebIfStale() {
  const wanted = fingerprint()
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return
  console.log('Building the web app …')
  const vite = join(root, 'node_modules/vite/bin/vite.js')
  const result = spawnSync(nodeProgram(), [vite, 'build', '--logLevel', 'warn'], {
    cwd: join(root, 'apps/web'),
    stdio: 'inherit',
    env: environment,
  })
  if (result.status !== 0) {
    console.error('The web app could not be built; what Vite said is above.')
    process.exit(result.status ?? 1)
  }
  writeSbom()
  writeFileSync(marker, wanted)
}

function fingerprint() {
  const hash = createHash('sha256')
  for (const source of sources) {
    for (const file of filesIn(join(root, source))) hash.update(file.slice(root.length)).update(readFileSync(file))
  }
  return hash.digest('hex')
}

/** All files that go into the build, sorted; tests do not. */
function filesIn(path) {
  if (statSync(path).isFile()) return [path]
  return readdirSync(path, { withFileTypes: true })
    .filter(({ name }) => !['node_modules', 'dist', 'e2e'].includes(name) && !/\.test\.tsx?$/.test(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => (entry.isDirectory() ? filesIn(join(path, entry.name)) : [join(path, entry.name)]))
}
