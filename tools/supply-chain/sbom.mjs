// The software bill of materials: CycloneDX 1.6, made from the lock file alone, so that the same lock file gives the same list.
// Our own few lines, since the usual tools bring a native package along that compiles itself when it is installed.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { root } from '../install.mjs'
import { findFrom, packagesOf, readLock } from './lock-file.mjs'

/** Where the build writes it. */
export const sbomFile = join(root, 'dist/sbom.cdx.json')

/** Writes the bill of what runs in production; what is for development and tests alone is not in it. */
export function writeSbom() {
  mkdirSync(dirname(sbomFile), { recursive: true })
  writeFileSync(sbomFile, `${JSON.stringify(sbomOf(readLock(), new Date()), null, 2)}\n`)
}

/** The bill of a lock file. */
export function sbomOf(lock, now) {
  const { name, version } = lock.packages['']
  const shipped = packagesOf(lock).filter(({ entry }) => !entry.dev)
  const ours = Object.entries(lock.packages).filter(
    ([path]) => /^(apps|packages)\//.test(path) && !/node_modules/.test(path),
  )
  const node = lock.packages['node_modules/node']
  const refs = new Map([
    ...ours.map(([path, entry]) => [path, purlOf(entry.name, entry.version)]),
    ...shipped.map(({ path, name, entry }) => [path, purlOf(name, entry.version)]),
  ])
  const components = new Map()
  for (const [, entry] of ours) {
    const purl = purlOf(entry.name, entry.version)
    components.set(purl, component('library', entry.name, entry, purl))
  }
  for (const { name, entry } of shipped) {
    const purl = purlOf(name, entry.version)
    const known = components.get(purl)
    if (known === undefined) components.set(purl, component('library', name, entry, purl))
    else if (!entry.optional) known.scope = 'required'
  }
  if (node) {
    const purl = purlOf('node', node.version)
    components.set(purl, component('platform', 'node', node, purl))
  }
  const dependencies = new Map()
  for (const [path, ref] of refs) {
    const { dependencies: needed = {}, optionalDependencies = {}, peerDependencies = {} } = lock.packages[path]
    const found = Object.keys({ ...needed, ...optionalDependencies, ...peerDependencies })
      .map((dependency) => refs.get(findFrom(lock, path, dependency)))
      .filter((each) => each !== undefined && each !== ref)
    dependencies.set(ref, [...new Set([...(dependencies.get(ref) ?? []), ...found])].sort())
  }
  const self = purlOf(name, version)
  const apps = ours.map(([path]) => refs.get(path)).sort()
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(lock))}`,
    version: 1,
    metadata: {
      timestamp: now.toISOString(),
      lifecycles: [{ phase: 'build' }],
      component: { ...component('application', name, lock.packages[''], self), 'bom-ref': self },
    },
    components: [...components.values()].sort((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1)),
    dependencies: [
      { ref: self, dependsOn: apps },
      ...[...dependencies].sort(([a], [b]) => (a < b ? -1 : 1)).map(([ref, dependsOn]) => ({ ref, dependsOn })),
    ],
  }
}

function component(type, fullName, { version, integrity, license, optional }, purl) {
  const [, group, name] = /^(?:(@[^/]+)\/)?(.+)$/.exec(fullName)
  return {
    type,
    'bom-ref': purl,
    ...(group ? { group } : {}),
    name,
    version,
    ...(type === 'library' ? { scope: optional ? 'optional' : 'required' } : {}),
    ...(integrity ? { hashes: [hashOf(integrity)] } : {}),
    ...(license ? { licenses: [licenceOf(license)] } : {}),
    purl,
  }
}

function hashOf(integrity) {
  const [algorithm, base64] = integrity.split(' ')[0].split('-')
  return { alg: algorithm.toUpperCase().replace('SHA', 'SHA-'), content: Buffer.from(base64, 'base64').toString('hex') }
}

const spdx = new Set(JSON.parse(readFileSync(join(import.meta.dirname, 'cyclonedx-1.6/spdx.schema.json'), 'utf8')).enum)

function licenceOf(text) {
  if (spdx.has(text)) return { license: { id: text } }
  return / (AND|OR|WITH) /.test(text) ? { expression: text } : { license: { name: text } }
}

function purlOf(name, version) {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`
}

/** A version 8 UUID (RFC 9562) of a text. */
function uuidOf(text) {
  const hex = createHash('sha256').update(text).digest('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join(
    '-',
  )
}
