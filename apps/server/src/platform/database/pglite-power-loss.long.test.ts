import {
  cpSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import type { PGlite } from '@electric-sql/pglite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { prepareTestDataDir } from '../../testing/database.ts'
import {
  DurableNodeFS,
  hostPath,
  type NodeFileOperations,
  type NodeInode,
  type NodeStream,
} from './pglite-durable-fs.ts'
import { startFastPglite, startPglite } from './pglite-start.ts'

/*
 * What a loss of power may do, as ext4 and XFS document it:
 * - a file holds what it held at its last fsync; each later write is there, missing, or there in some of its 512-byte
 *   sectors, each write by itself and in any order; likewise each later truncation is there or missing;
 * - names (create, rename, unlink) change in order, as a journal does it; any fsync brings all names so far to the disk,
 *   and of those after the last fsync some first part is there.
 */
type Operation =
  | { kind: 'write'; inode: number; position: number; bytes: Uint8Array }
  | { kind: 'truncate'; inode: number; size: number }
  | { kind: 'fsync'; inode: number }
  | { kind: 'create'; path: string; inode: number }
  | { kind: 'rename'; from: string; to: string }
  | { kind: 'remove'; path: string }
  /** The database said that this row is committed. */
  | { kind: 'acknowledged'; row: number }

const crashPoints = 24
const rows = 160
const root = mkdtempSync(join(tmpdir(), 'parley-power-'))
let recording: { base: Map<string, RecordedFile>; operations: Operation[] }

beforeAll(async () => {
  recording = await record()
})

afterAll(() => rmSync(root, { recursive: true, force: true }))

describe('embedded database after a loss of power', () => {
  test('P1 kept: every acknowledged row is there at any crash point', async () => {
    const { operations } = recording
    const random = seededRandom(20_261_124)
    const points = Array.from({ length: crashPoints }, () => Math.floor(random() * operations.length))
    points.sort((a, b) => a - b)
    const disk = new Disk(recording.base)
    const checks: Promise<void>[] = []
    for (const [index, point] of points.entries()) {
      disk.runUntil(operations, point)
      const folder = join(root, `crash-${index}`)
      disk.crash(folder, random)
      checks.push(expectAcknowledged(folder, operations, point))
      if (checks.length % 2 === 0) await Promise.all(checks)
    }
    await Promise.all(checks)
  })

  test('the same writes without fsync lose rows, so the test above can fail', async () => {
    const operations = recording.operations.filter((operation) => operation.kind !== 'fsync')
    const disk = new Disk(recording.base)
    disk.runUntil(operations, operations.length)
    const folder = join(root, 'crash-without-fsync')
    disk.crash(folder, seededRandom(7))
    await expect(expectAcknowledged(folder, operations, operations.length)).rejects.toThrow()
  })
})

/** Commits rows, with checkpoints, new log segments, new and dropped tables in between. */
async function record() {
  const dataDir = join(root, 'recorded')
  await prepareTestDataDir(dataDir)
  const folder = join(dataDir, 'database')
  const base = readFolder(folder)
  const operations: Operation[] = []
  const pg = await startPglite(folder, new RecordingFS(folder, operations))
  await pg.exec('create table kept (row int primary key, content text not null)')
  operations.push({ kind: 'acknowledged', row: 0 })
  for (let row = 1; row <= rows; row++) {
    await pg.query('insert into kept values ($1, $2)', [row, contentOf(row)])
    operations.push({ kind: 'acknowledged', row })
    if (row % 40 === 0) await pg.exec('checkpoint')
    if (row % 50 === 20) await pg.exec(`create table other${row} as select * from kept`)
    if (row % 50 === 30) {
      await pg.exec(`drop table other${row - 10}`)
      await pg.exec('vacuum kept')
    }
  }
  await pg.close()
  return { base, operations }
}

async function expectAcknowledged(folder: string, operations: Operation[], point: number): Promise<void> {
  const acknowledged: number[] = []
  for (const operation of operations.slice(0, point)) {
    if (operation.kind === 'acknowledged' && operation.row > 0) acknowledged.push(operation.row)
  }
  const tableExists = operations.slice(0, point).some((operation) => operation.kind === 'acknowledged')
  const pg = await startFastPglite(folder)
  try {
    const found = tableExists ? await readRows(pg) : new Map()
    const lost = acknowledged.filter((row) => found.get(row) !== contentOf(row))
    expect(lost, `rows lost by a crash at operation ${point}`).toEqual([])
  } finally {
    await pg.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function readRows(pg: PGlite): Promise<Map<number, string>> {
  await pg.exec('set enable_indexscan = off; set enable_bitmapscan = off')
  const result = await pg.query<{ row: number; content: string }>('select row, content from kept')
  await pg.exec('set enable_seqscan = off; set enable_indexscan = on')
  const indexed = await pg.query<{ count: number }>('select count(*)::int as count from kept where row > 0')
  expect(indexed.rows[0]?.count).toBe(result.rows.length)
  return new Map(result.rows.map(({ row, content }) => [row, content]))
}

/** Up to 30 KB that does not compress, so that the log fills several segments. */
function contentOf(row: number): string {
  const random = seededRandom(row)
  return Array.from({ length: 1 + (row % 7) * 400 }, () => random().toString(36)).join('')
}

/** Writes down what PGlite does to its files, in order. */
class RecordingFS extends DurableNodeFS {
  #folder: string
  #operations: Operation[]

  constructor(folder: string, operations: Operation[]) {
    super(folder)
    this.#folder = folder
    this.#operations = operations
  }

  protected override adapt(files: NodeFileOperations): void {
    super.adapt(files)
    const note = (operation: Operation) => this.#operations.push(operation)
    const pathOf = (node: NodeInode) => relative(this.#folder, hostPath(node))
    const { write, fsync, setattr: setStreamAttributes } = files.stream_ops
    const { mknod, rename, unlink, setattr } = files.node_ops
    files.stream_ops.write = (stream, buffer, offset, length, position) => {
      const written = write(stream, buffer, offset, length, position)
      note({ kind: 'write', inode: inodeOf(stream), position, bytes: buffer.slice(offset, offset + written) })
      return written
    }
    files.stream_ops.fsync = (stream) => {
      note({ kind: 'fsync', inode: inodeOf(stream) })
      return fsync?.(stream) ?? 0
    }
    files.stream_ops.setattr = (stream, attributes) => {
      setStreamAttributes(stream, attributes)
      if (attributes.size !== undefined) note({ kind: 'truncate', inode: inodeOf(stream), size: attributes.size })
    }
    files.node_ops.setattr = (node, attributes) => {
      setattr(node, attributes)
      if (attributes.size === undefined) return
      note({ kind: 'truncate', inode: lstatSync(hostPath(node)).ino, size: attributes.size })
    }
    files.node_ops.mknod = (parent, name, mode, device) => {
      const node = mknod(parent, name, mode, device)
      const inode = lstatSync(hostPath(node))
      if (inode.isFile()) note({ kind: 'create', path: pathOf(node), inode: inode.ino })
      return node
    }
    files.node_ops.rename = (node, parent, name) => {
      const from = pathOf(node)
      rename(node, parent, name)
      note({ kind: 'rename', from, to: join(pathOf(parent), name) })
    }
    files.node_ops.unlink = (parent, name) => {
      unlink(parent, name)
      note({ kind: 'remove', path: join(pathOf(parent), name) })
    }
  }
}

function inodeOf(stream: NodeStream): number {
  return stream.nfd === undefined ? lstatSync(hostPath(stream.node)).ino : fstatSync(stream.nfd).ino
}

interface RecordedFile {
  inode: number
  content: Buffer
}

type Change = Extract<Operation, { kind: 'write' | 'truncate' }>
type Naming = Extract<Operation, { kind: 'create' | 'rename' | 'remove' }> & { file?: DiskFile }
interface DiskFile {
  /** As of the last fsync. */
  durable: Buffer
  pending: Change[]
}

/** A disk on which the recorded operations are done again, and whose power can be cut. */
class Disk {
  #byInode = new Map<number, DiskFile>()
  #names = new Map<string, DiskFile>()
  #pendingNames: Naming[] = []
  #done = 0

  constructor(base: Map<string, RecordedFile>) {
    for (const [path, { inode, content }] of base) {
      const file: DiskFile = { durable: Buffer.from(content), pending: [] }
      this.#byInode.set(inode, file)
      this.#names.set(path, file)
    }
  }

  runUntil(operations: Operation[], point: number): void {
    for (; this.#done < point; this.#done++) this.#run(operations[this.#done] as Operation)
  }

  #run(operation: Operation): void {
    if (operation.kind === 'write' || operation.kind === 'truncate') {
      this.#byInode.get(operation.inode)?.pending.push(operation)
    } else if (operation.kind === 'fsync') {
      const file = this.#byInode.get(operation.inode)
      if (file !== undefined) {
        for (const change of file.pending) file.durable = applyChange(file.durable, change)
        file.pending = []
      }
      for (const naming of this.#pendingNames) applyNaming(this.#names, naming)
      this.#pendingNames = []
    } else if (operation.kind === 'create') {
      const file: DiskFile = { durable: Buffer.alloc(0), pending: [] }
      this.#byInode.set(operation.inode, file)
      this.#pendingNames.push({ ...operation, file })
    } else if (operation.kind !== 'acknowledged') {
      this.#pendingNames.push(operation)
    }
  }

  /** Writes to `folder` what might be found when the power is back. The disk itself goes on as if nothing happened. */
  crash(folder: string, random: () => number): void {
    const names = new Map(this.#names)
    const kept = Math.floor(random() * (this.#pendingNames.length + 1))
    for (const naming of this.#pendingNames.slice(0, kept)) applyNaming(names, naming)
    // Empty folders (of which PostgreSQL wants several) come from the recording's own.
    cpSync(join(root, 'recorded', 'database'), folder, {
      recursive: true,
      filter: (path) => lstatSync(path).isDirectory(),
    })
    for (const [path, file] of names) {
      let content: Buffer = Buffer.from(file.durable)
      for (const change of file.pending) content = applyTorn(content, change, random)
      mkdirSync(dirname(join(folder, path)), { recursive: true })
      writeFileSync(join(folder, path), content)
    }
  }
}

function applyNaming(names: Map<string, DiskFile>, naming: Naming): void {
  if (naming.kind === 'create') names.set(naming.path, naming.file as DiskFile)
  else if (naming.kind === 'remove') names.delete(naming.path)
  else {
    const moved = [...names].filter(([path]) => path === naming.from || path.startsWith(`${naming.from}/`))
    for (const [path, file] of moved) {
      names.delete(path)
      names.set(naming.to + path.slice(naming.from.length), file)
    }
  }
}

function applyChange(content: Buffer, change: Change): Buffer {
  if (change.kind === 'truncate') return resize(content, change.size)
  const end = change.position + change.bytes.length
  const result = end > content.length ? resize(content, end) : content
  result.set(change.bytes, change.position)
  return result
}

function applyTorn(content: Buffer, change: Change, random: () => number): Buffer {
  const fate = random()
  if (fate < 0.4) return content
  if (fate < 0.7 || change.kind === 'truncate') return applyChange(content, change)
  const sector = 512
  let result = content
  for (let at = 0; at < change.bytes.length; at += sector) {
    if (random() < 0.5) continue
    const bytes = change.bytes.subarray(at, at + sector)
    result = applyChange(result, { ...change, position: change.position + at, bytes })
  }
  return result
}

function resize(content: Buffer, size: number): Buffer {
  if (size <= content.length) return Buffer.from(content.subarray(0, size))
  const result = Buffer.alloc(size)
  content.copy(result)
  return result
}

function readFolder(folder: string): Map<string, RecordedFile> {
  const files = new Map<string, RecordedFile>()
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    files.set(relative(folder, path), { inode: lstatSync(path).ino, content: readFileSync(path) })
  }
  return files
}

/** Mulberry32: the same numbers in every run. */
function seededRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
