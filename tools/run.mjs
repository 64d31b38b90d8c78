// Runs a TypeScript file of the project on its own Node: `node tools/run.mjs <file> [arguments]`.
import { spawn } from 'node:child_process'
import module from 'node:module'
import { constants } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { environment, installMissing, nodeProgram, root } from './install.mjs'

/** Runs `file` in this process where its Node is new enough, else in a child that gets the signals and gives its exit code. */
export async function run(file, args) {
  const path = join(root, file)
  if (Number(process.versions.node.split('.')[0]) >= 24) {
    process.argv = [process.execPath, path, ...args]
    module.enableCompileCache(environment.NODE_COMPILE_CACHE)
    await import(pathToFileURL(path).href)
    return
  }
  const child = spawn(nodeProgram(), [path, ...args], { stdio: 'inherit', env: environment })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal sends its interrupt to both already.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  }
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)))
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [file, ...args] = process.argv.slice(2)
  installMissing()
  await run(file, args)
}
