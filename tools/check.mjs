// `npm run check`: all that CI runs. Every step runs, also after one failed; the end says which steps and which tests failed.
// On a machine so slow that everything would take hours, the long tests are left out, as from `npm test`, and the end says so.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildWebIfStale } from './build-web.mjs'
import { environment, installMissing, nodeProgram, root } from './install.mjs'

installMissing()
buildWebIfStale()

/** On a machine more than so many times slower than an ordinary one, everything takes more than an hour and a half. */
const tooSlow = 3
const slowness = slownessOfThisMachine()
const isSlow = slowness > tooSlow
const aboutSlowness = `This machine is ${slowness} times slower than an ordinary one: the long tests are left out.`
if (isSlow) console.log(aboutSlowness)

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
  'supply chain': own('tools/supply-chain/check.mjs'),
  ...testSteps(),
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
if (isSlow) console.log(`\n${aboutSlowness}`)
process.exit(results.every(({ result }) => result === 'ok') ? 0 : 1)

function testSteps() {
  const hasPostgres = Boolean(process.env.CI || process.env.TEST_DATABASE_URL)
  if (isSlow && hasPostgres) {
    // The server's tests once, where they start quickest; on the embedded database what is about it.
    const embedded = [
      'packages',
      'tools',
      'bench',
      'apps/web/src',
      'apps/server/src/platform',
      'apps/server/src/modules/chat',
    ]
    return {
      tests: own('tools/test.mjs', '--everyday', ...embedded),
      'tests on PostgreSQL': own('tools/test.mjs', '--everyday', 'apps/server'),
    }
  }
  const everything = own('tools/test.mjs', ...(isSlow ? ['--everyday'] : []))
  if (!hasPostgres) return { tests: everything }
  // What is the same whichever database is there runs once.
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
  return { tests: everything, 'tests on PostgreSQL': own('tools/test.mjs', 'apps/server', ...without) }
}

/** As the tests see it themselves, over a few seconds. */
function slownessOfThisMachine() {
  const script = `
    const { slowness } = await import('./apps/server/src/testing/pace.ts')
    const looks = []
    for (let look = 0; look < 9; look += 1) {
      looks.push(slowness())
      await new Promise((resolve) => setTimeout(resolve, 300))
    }
    console.log(looks.sort((a, b) => a - b)[4].toFixed(1))`
  const options = { cwd: root, env: environment, encoding: 'utf8' }
  return Number(execFileSync(nodeProgram(), ['--input-type=module', '--eval', script], options))
}
