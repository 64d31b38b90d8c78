// `npm test`: installs what is missing, builds the web app if it is stale, and runs the everyday tests that can run here.
// Those that take long (`*.long.test.ts`: kill, restart, power loss, scale; and the browser's journeys) run with CI set, with
// `npm test -- --all`, and where they are named; never with `--everyday`. Other arguments go to vitest: `npm test -- apps/server/src/modules/chat`.
import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { buildWebIfStale } from './build-web.mjs'
import { environment, installMissing, nodeProgram, root } from './install.mjs'

installMissing()
buildWebIfStale()

const folder = mkdtempSync(join(tmpdir(), 'parley-results-'))
const report = join(folder, 'results.json')
const vitest = join(root, 'node_modules/vitest/vitest.mjs')
const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
const asked = process.argv.slice(2)
const given = asked.filter((argument) => !['--all', '--everyday'].includes(argument))
const isEverything = !asked.includes('--everyday') && (Boolean(process.env.CI) || asked.includes('--all'))
const isNamed = !asked.includes('--everyday') && given.some((argument) => !argument.startsWith('-'))
const long = ['**/*.long.test.ts', 'apps/web/e2e/**']
const exclude = isEverything || isNamed ? [] : long.map((pattern) => `--exclude=${pattern}`)
const run = spawnSync(nodeProgram(), [vitest, 'run', ...reporters, ...exclude, ...given], {
  cwd: root,
  stdio: 'inherit',
  env: environment,
})

const results = JSON.parse(readFileSync(report, 'utf8'))
rmSync(folder, { recursive: true, force: true })
const tests = results.testResults.flatMap((file) => file.assertionResults)
// In CI another run has those.
const runsElsewhere = ({ title }) => Boolean(process.env.CI) && title.endsWith('(on PostgreSQL)')
const skipped = tests.filter(
  (test) => ['skipped', 'pending', 'todo', 'disabled'].includes(test.status) && !runsElsewhere(test),
)
if (skipped.length > 0) {
  console.log('\nSkipped, because something it needs is not here:')
  for (const name of new Set(skipped.map((test) => test.ancestorTitles[0] ?? test.title))) console.log(`  ${name}`)
}
if (exclude.length > 0)
  console.log(`\nLeft out, since they take long: ${long.join(', ')}. They run with: npm test -- --all`)
let { status } = run
if (process.env.CI && skipped.length > 0) {
  console.log('With CI set, everything has to run.')
  status ||= 1
}
const failures = results.testResults.flatMap(describeFailures)
if (failures.length > 0) console.log(`\nFailed:\n${failures.join('\n')}`)
if (process.env.PARLEY_FAILURES_FILE)
  appendFileSync(process.env.PARLEY_FAILURES_FILE, failures.map((f) => `${f}\n`).join(''))
console.log(`\n${results.numPassedTests} passed, ${results.numFailedTests} failed, ${skipped.length} skipped`)
process.exit(status ?? 1)

/** One line for each test that failed in a file, or one for the file where it could not be run at all. */
function describeFailures({ name, status, message, assertionResults }) {
  const file = relative(root, name)
  const firstLine = (text) => text?.split('\n')[0] ?? ''
  const failed = assertionResults.filter((test) => test.status === 'failed')
  if (failed.length === 0 && status === 'failed') return [`  ${file}: ${firstLine(message)}`]
  return failed.map((test) => `  ${file} > ${test.fullName}: ${firstLine(test.failureMessages[0])}`)
}
