// Refuses a production dependency whose licence is not permissive. Reads what is installed.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './install.mjs'

const allowed = new Set([
  'MIT',
  'MIT-0',
  'ISC',
  'Apache-2.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  '0BSD',
  'BlueOak-1.0.0',
  'CC0-1.0',
  'CC-BY-4.0',
  'Unlicense',
  'Python-2.0',
  'MPL-2.0',
  'Zlib',
])

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
const paths = execFileSync(npm, ['ls', '--omit=dev', '--all', '--parseable'], { cwd: root, encoding: 'utf8' })
const problems = []
let checked = 0
for (const path of new Set(paths.split('\n'))) {
  if (!path.includes('node_modules') || !existsSync(join(path, 'package.json'))) continue
  const { name, version, license, licenses } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'))
  if (name?.startsWith('@parley/')) continue
  const expression = typeof license === 'string' ? license : (license?.type ?? licenses?.[0]?.type ?? 'none')
  checked += 1
  const alternatives = expression.replace(/[()]/g, '').split(/ OR /)
  if (!alternatives.some((text) => text.split(/ AND /).every((part) => allowed.has(part)))) {
    problems.push(`${name} ${version}: ${expression}`)
  }
}
for (const problem of problems) console.error(problem)
console.log(`${checked} production dependencies, ${problems.length} with a licence that is not allowed`)
process.exit(problems.length === 0 ? 0 : 1)
