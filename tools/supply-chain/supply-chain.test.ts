import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { lockProblems } from './check-lock.mjs'
import { packProblems, secretProblems } from './check-packages.mjs'
import { packagesOf, readLock } from './lock-file.mjs'
import { sbomOf } from './sbom.mjs'

interface Entry {
  version: string
  dev?: boolean
}
interface Lock {
  packages: Record<string, Entry>
}
interface Component {
  'bom-ref': string
  group?: string
  name: string
  version: string
  hashes?: { alg: string; content: string }[]
  licenses?: object[]
}
interface Bill {
  serialNumber: string
  metadata: { component: Component }
  components: Component[]
  dependencies: { ref: string; dependsOn?: string[] }[]
}

const read = (file: string) => JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8'))
const lists = {
  scripts: read('./install-scripts.json'),
  allowed: read('../../package.json').allowScripts,
  bad: read('./known-bad.json'),
}
const integrity = `sha512-${'A'.repeat(86)}==`
const lockOf = (entry: object, path = 'node_modules/thing') => ({
  packages: { '': { name: 'parley', version: '1.0.0' }, [path]: { version: '1.0.0', integrity, ...entry } },
})
const nothing = { scripts: {}, bad: [] }

describe('the lock file', () => {
  test('is as it may be', () => {
    expect(lockProblems(readLock(), lists)).toEqual([])
  })

  test.each([
    ['no hash', { integrity: undefined }, /thing 1\.0\.0 has no sha512/],
    ['a weak hash', { integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' }, /has no sha512/],
    ['an address', { resolved: 'https://elsewhere.example/thing.tgz' }, /is fetched from https:\/\/elsewhere/],
    ['a script', { hasInstallScript: true }, /runs a script/],
  ])('with %s is refused', (_what, entry, problem) => {
    expect(lockProblems(lockOf({}), nothing)).toEqual([])
    expect(lockProblems(lockOf(entry), nothing)).toEqual([expect.stringMatching(problem)])
  })

  test('takes scripts that are named, and no names without a script', () => {
    const scripts = { thing: 'It has to.' }
    expect(lockProblems(lockOf({ hasInstallScript: true }), { scripts, bad: [] })).toEqual([])
    expect(lockProblems(lockOf({}), { scripts, bad: [] })).toEqual([expect.stringMatching(/runs no script/)])
  })

  test('npm lets nobody else run a script', () => {
    const scripts = { thing: 'It has to.' }
    const running = lockOf({ hasInstallScript: true })
    expect(lockProblems(running, { scripts, allowed: { thing: true }, bad: [] })).toEqual([])
    expect(lockProblems(running, { scripts, allowed: {}, bad: [] })).toEqual([expect.stringMatching(/in only one/)])
    expect(lockProblems(running, { scripts, allowed: { thing: true, other: true }, bad: [] })).toHaveLength(1)
  })

  test.each([
    ['node_modules/chalk', '5.6.1', 1],
    ['node_modules/chalk', '5.6.2', 0],
    ['node_modules/a/node_modules/event-stream', '3.3.6', 1],
    ['node_modules/plain-crypto-js', '4.2.1', 1],
    ['node_modules/@ctrl/tinycolor', '4.1.1', 1],
  ])('knows whether %s %s is bad', (path, version, count) => {
    expect(lockProblems(lockOf({ version }, path), { scripts: {}, bad: lists.bad })).toHaveLength(count)
  })

  test('a bad package under another name is found', () => {
    const lock = lockOf({ name: 'chalk', version: '5.6.1' }, 'node_modules/innocent')
    expect(lockProblems(lock, { scripts: {}, bad: lists.bad })).toHaveLength(1)
  })
})

describe('what is packed', () => {
  const pack = (file: string, folder = 'apps/server') =>
    packProblems([{ folder, files: ['package.json', 'src/a.ts', file] }])

  test.each(['src/main.ts', 'src/modules/chat/index.ts', 'LICENSE'])('may hold %s', (file) => {
    expect(pack(file)).toEqual([])
  })

  test.each([
    'src/main.test.ts',
    'src/testing/start-server.ts',
    'src/modules/models/testing/recorded.ts',
    '.env',
    '.env.local',
    'src/key.pem',
    '.npmrc',
    'data/keys/master',
    'notes.txt',
    'src/page.html',
  ])('may not hold %s', (file) => expect(pack(file)).toHaveLength(1))

  test('is nothing that nobody meant to pack', () => {
    expect(pack('src/run.ts', 'bench')).toEqual([expect.stringMatching(/not to be packed/)])
    expect(packProblems([{ folder: 'apps/web', files: ['package.json'] }])).toHaveLength(1)
  })
})

test('keys in the repository are found', () => {
  const texts: Record<string, string> = {
    'a.ts': `const key = \`-----BEGIN PRIVATE KEY-----\n${'A'.repeat(64)}\``,
    'b.ts': '// -----BEGIN PRIVATE KEY----- is how it begins',
    'c.md': 'nothing',
  }
  const files = [...Object.keys(texts), 'certs/server.pem', '.env', 'deploy/.env.example']
  expect(secretProblems(files, (file: string) => texts[file] ?? '')).toEqual([
    'a.ts holds a private key.',
    'certs/server.pem is in the repository, and may be a secret.',
    '.env is in the repository, and may be a secret.',
  ])
})

describe('the bill of materials', () => {
  const lock: Lock = readLock()
  const now = new Date('2026-01-01T00:00:00Z')
  const bill: Bill = sbomOf(lock, now)

  test('fits the schema of CycloneDX 1.6', () => {
    const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true })
    const schema = (name: string) => read(`./cyclonedx-1.6/${name}.schema.json`)
    ajv.addSchema(schema('spdx'), 'http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json')
    ajv.addSchema(schema('jsf'), 'http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json')
    const validate = ajv.compile(schema('bom'))
    validate(bill)
    expect(validate.errors).toBeNull()
    expect(validate({ ...bill, specVersion: 1 })).toBe(false)
    expect(validate({ ...bill, components: [{ type: 'thing', name: 'x' }] })).toBe(false)
  })

  test('has all that runs in production, each with its hash and licence, and nothing else', () => {
    const shipped = new Set(
      (packagesOf(lock) as { name: string; entry: Entry }[]).flatMap(({ name, entry }) =>
        entry.dev ? [] : [`${name}@${entry.version}`],
      ),
    )
    const listed = bill.components.map(({ group, name, version }) => `${group ? `${group}/` : ''}${name}@${version}`)
    const others = listed.filter((each) => !shipped.has(each))
    expect(others.map((each) => each.replace(/@[^@]*$/, ''))).toEqual([
      '@parley/contract',
      '@parley/sdk',
      '@parley/server',
      '@parley/ui',
      '@parley/web',
      'node',
    ])
    expect(new Set(listed).size).toBe(listed.length)
    expect(listed.length).toBe(shipped.size + others.length)
    expect(listed).toContain(`fastify@${lock.packages['node_modules/fastify']?.version}`)
    expect(listed.some((each) => each.startsWith('vitest@'))).toBe(false)
    const outside = bill.components.filter(({ group }) => group !== '@parley')
    expect(outside.filter(({ hashes }) => hashes?.[0]?.alg !== 'SHA-512' || hashes[0].content.length !== 128)).toEqual(
      [],
    )
    expect(outside.filter(({ licenses }) => licenses === undefined).map(({ name }) => name)).toEqual([])
  })

  test('says who depends on whom, by names that it lists', () => {
    const refs = new Set([bill.metadata.component['bom-ref'], ...bill.components.map((each) => each['bom-ref'])])
    for (const { ref, dependsOn } of bill.dependencies) {
      expect(refs).toContain(ref)
      for (const each of dependsOn ?? []) expect(refs).toContain(each)
    }
    const server = bill.dependencies.find(({ ref }) => ref.startsWith('pkg:npm/%40parley/server@'))
    expect(server?.dependsOn).toEqual(expect.arrayContaining([expect.stringMatching(/^pkg:npm\/fastify@/)]))
  })

  test('is the same for the same lock file, and another for another', () => {
    expect(sbomOf(lock, now)).toEqual(bill)
    const other = { ...lock, packages: { ...lock.packages, 'node_modules/more': { version: '1.0.0', integrity } } }
    expect(sbomOf(other, now).serialNumber).not.toBe(bill.serialNumber)
  })
})
