// `node tools/supply-chain/check.mjs`: the lock file, the bill of materials, what packages would hold, and, where the registry
// answers, its advisories.
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { environment, root } from '../install.mjs'
import { lockProblems } from './check-lock.mjs'
import { packProblems, secretProblems } from './check-packages.mjs'
import { packagesOf, readLock } from './lock-file.mjs'
import { sbomFile, writeSbom } from './sbom.mjs'

const read = (file) => readFileSync(join(root, file), 'utf8')
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
const lock = readLock()
const problems = [
  ...lockProblems(lock, {
    scripts: JSON.parse(read('tools/supply-chain/install-scripts.json')),
    allowed: JSON.parse(read('package.json')).allowScripts,
    bad: JSON.parse(read('tools/supply-chain/known-bad.json')),
  }),
  ...packProblems(packed()),
  ...secretProblems(tracked(), read),
  ...advisories(),
]
writeSbom()
for (const problem of problems) console.error(problem)
console.log(`${packagesOf(lock).length} packages, ${problems.length} problems; the bill of materials is in ${sbomFile}`)
process.exit(problems.length === 0 ? 0 : 1)

/** What `npm pack` would put into each package of ours. */
function packed() {
  const folders = ['apps/server', 'apps/web', 'packages/contract', 'packages/sdk', 'packages/ui']
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts', ...folders.flatMap((folder) => ['-w', folder])]
  const text = execFileSync(npm, args, { cwd: root, env: environment, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  const found = Object.values(JSON.parse(text))
  return folders.map((folder) => {
    const { name } = JSON.parse(read(`${folder}/package.json`))
    return { folder, files: found.find((each) => each.name === name).files.map(({ path }) => path) }
  })
}

function tracked() {
  return execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean)
}

/** What the registry knows against what runs in production; nothing where it cannot be asked. */
function advisories() {
  const args = ['audit', '--omit=dev', '--audit-level=high', '--json', '--fetch-retries=0', '--fetch-timeout=10000']
  const { stdout } = spawnSync(npm, args, { cwd: root, env: environment, encoding: 'utf8', timeout: 30_000 })
  let report
  try {
    report = JSON.parse(stdout)
  } catch {}
  if (report?.vulnerabilities === undefined) {
    console.log('The registry does not answer for advisories: only those in known-bad.json were looked at.')
    return []
  }
  return Object.values(report.vulnerabilities)
    .filter(({ severity }) => ['high', 'critical'].includes(severity))
    .map(({ name, severity, range }) => `${name} ${range} has an advisory (${severity}). See npm audit.`)
}
