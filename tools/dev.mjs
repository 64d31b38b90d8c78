// `npm run dev`: everything for development, with no key: a scripted model, the server (restarted when its files
// change) and Vite with hot reload. Its data is in data/dev, apart from yours.
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { environment, installMissing, nodeProgram, root } from './install.mjs'

installMissing()

const ports = { web: 5173, server: 3000, model: 4010 }
const dataDir = join(root, 'data/dev')
const owner = { PARLEY_ADMIN_EMAIL: 'dev@example.com', PARLEY_ADMIN_PASSWORD: 'parley in development' }
mkdirSync(dataDir, { recursive: true })

const server = 'apps/server/src/main.ts'
const programs = {
  model: { args: ['apps/server/src/testing/scripted-model.ts', '--port', String(ports.model)] },
  server: {
    args: ['--watch-path=apps/server/src', '--watch-path=packages/contract/src', '--watch-preserve-output', server],
    env: {
      PORT: String(ports.server),
      PUBLIC_URL: `http://localhost:${ports.web}`,
      PARLEY_DATA_DIR: dataDir,
      PARLEY_DRAIN_SECONDS: '1',
      OPENAI_BASE_URL: `http://127.0.0.1:${ports.model}/v1`,
      ...owner,
    },
  },
  web: {
    args: [join(root, 'node_modules/vite/bin/vite.js'), '--port', String(ports.web), '--strictPort'],
    cwd: 'apps/web',
    env: { PARLEY_DEV_SERVER: `http://127.0.0.1:${ports.server}` },
  },
}

console.log(
  `Open http://localhost:${ports.web} and sign in as ${owner.PARLEY_ADMIN_EMAIL} with: ${owner.PARLEY_ADMIN_PASSWORD}`,
)

const children = Object.entries(programs).map(([name, { args, cwd = '.', env = {} }]) => {
  const child = spawn(nodeProgram(), args, {
    cwd: join(root, cwd),
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...environment, ...env },
  })
  child.on('exit', (code) => end(`${name} has ended (${code ?? 'killed'})`, 1))
  return child
})

let ending = false
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => end('Stopping', 0))

/** One gone, all gone. */
function end(why, code) {
  if (ending) return
  ending = true
  console.log(`${why}.`)
  process.exitCode = code
  for (const child of children) child.kill('SIGTERM')
}
