// `npm start`: installs what is missing, builds the web app if it is stale, and starts the server.
import { buildWebIfStale } from './build-web.mjs'
import { installMissing } from './install.mjs'
import { run } from './run.mjs'

installMissing()
buildWebIfStale()
await run('apps/server/src/main.ts', process.argv.slice(2))
