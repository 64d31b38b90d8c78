// `npm run check`: all that CI runs. Every step runs, also after one failed; the end says which steps and which tests failed.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildWebIfStale } from './build-web.mjs'
import { environment, installMissing, nodeProgram, root } from './install.mjs'

installMissing()
buildWebIfStale()

const tool = (path, ...args) => [nodeProgram(), [join(root, 'node_modules', path), ...args]]
const own = (path, ...args) => [nodeProgram(), [join(root, path), ...args]]
const steps = {
  'format and lint': tool('@biomejs/biome/bin/biome', 'ci', '--error-on-warnings', '.'),
  'types: server': tool('typescript7/bin/tsc', '--noEmit', '-p', 'tsconfig.json'),
  'types: web': tool('typescript7/bin/tsc', '--noEmit', '-p', 'apps/web/tsconfig.json'),
  'module order': tool(
    'dependency-cruiser/bin/dependency-cruiser.mjs',
    '--config',
    'tools/module-order.cjs',
    'apps',
    'packages',
    'bench',
  ),
  'unused code': tool('knip/bin/knip.js', '--no-progress'),
  licences: own('tools/licences.mjs'),
  tests: own('tools/test.mjs'),
}
if (process.env.CI || process.env.TEST_DATABASE_URL) {
  // What is the same whichever database is there ran in the step before.
  const others = [
    'bad-requests',
    'start',
    'cli',
    'password-strength',
    'connections',
    'real-servers',
    'mail',
    'pglite*',
    'owner',
  ]
  const without = others.map((name) => `--exclude=**/${name}.test.ts`)
  steps['tests on PostgreSQL'] = own('tools/test.mjs', 'apps/server', ...without)
}

const results = []
const folder = mkdtempSync(join(tmpdir(), 'parley-check-'))
const failuresFile = join(folder, 'failures')
writeFileSync(failuresFile, '')
for (const [name, [program, args]] of Object.entries(steps)) {
  console.log(`\n── ${name} ──`)
  const startedAt = Date.now()
  const env = { ...environment, PARLEY_FAILURES_FILE: failuresFile }
  if (name === 'tests on PostgreSQL') env.PARLEY_TEST_DATABASE = 'postgres'
  const { status } = spawnSync(program, args, { cwd: root, stdio: 'inherit', env })
  results.push({
    step: name,
    result: status === 0 ? 'ok' : 'FAILED',
    seconds: Math.round((Date.now() - startedAt) / 1000),
  })
}
console.log()
for (const { step, result, seconds } of results) console.log(`${result.padEnd(7)} ${step} (${seconds} s)`)
const failures = readFileSync(failuresFile, 'utf8')
rmSync(folder, { recursive: true })
if (failures) console.log(`\nTests that failed:\n${failures}`)
process.exit(results.every(({ result }) => result === 'ok') ? 0 : 1)
