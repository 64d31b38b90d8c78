import { closeSync, fsyncSync, openSync } from 'node:fs'
import { join } from 'node:path'
import type { PGlite, postgresMod } from '@electric-sql/pglite'
import { NodeFS } from '@electric-sql/pglite/nodefs'

/** The part of Emscripten's NODEFS that is of interest here. Its own type declarations stop at "a file system". */
export interface NodeFileOperations {
  stream_ops: {
    write(stream: NodeStream, buffer: Uint8Array, offset: number, length: number, position: number): number
    setattr(stream: NodeStream, attributes: { size?: number }): void
    fsync?(stream: NodeStream): number
  }
  node_ops: {
    mknod(parent: NodeInode, name: string, mode: number, device: number): NodeInode
    rename(node: NodeInode, parent: NodeInode, name: string): void
    unlink(parent: NodeInode, name: string): void
    setattr(node: NodeInode, attributes: { size?: number }): void
  }
}

/** An open file of NODEFS: `nfd` is the file descriptor on the host. */
export interface NodeStream {
  node: NodeInode
  nfd?: number
}

export interface NodeInode {
  name: string
  parent: NodeInode
  mount: { opts: { root: string } }
}

/**
 * Files of the host for PGlite that reach the disk. PGlite's own never call fsync, so that a commit would survive the
 * end of the process but not a loss of power.
 */
export class DurableNodeFS extends NodeFS {
  /** Bytes written since the last reset; tells whether, and how urgently, a checkpoint is due. */
  bytesWritten = 0

  override async init(pg: PGlite, options: Parameters<NodeFS['init']>[1]) {
    const { emscriptenOpts } = await super.init(pg, options)
    const makeDurable = (module: postgresMod.PostgresMod) => {
      this.adapt(module.FS.filesystems.NODEFS as unknown as NodeFileOperations)
    }
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [makeDurable, ...(emscriptenOpts.preRun ?? [])] } }
  }

  protected adapt(files: NodeFileOperations): void {
    const { write } = files.stream_ops
    files.stream_ops.write = (stream, buffer, offset, length, position) => {
      this.bytesWritten += length
      return write(stream, buffer, offset, length, position)
    }
    // An error thrown here ends the backend, as it ends a PostgreSQL server: after a failed fsync nobody knows what
    // is on the disk, and recovery from the log is the way to find out.
    files.stream_ops.fsync = (stream) => {
      if (stream.nfd === undefined) syncPath(hostPath(stream.node))
      else fsyncSync(stream.nfd)
      return 0
    }
  }
}

/** Where a file of NODEFS is on the host. */
export function hostPath(node: NodeInode): string {
  const names: string[] = []
  let at = node
  while (at.parent !== at) {
    names.unshift(at.name)
    at = at.parent
  }
  return join(at.mount.opts.root, ...names)
}

/** Brings a file, or a folder's list of names, to the disk. */
export function syncPath(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
