import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { createLocalBus } from '../platform/bus/index.ts'
import { loadConfig } from '../platform/config/index.ts'
import { type Platform, systemClock } from '../platform/context.ts'
import { openKeyring } from '../platform/crypto/index.ts'
import type { Migration } from '../platform/database/index.ts'
import { createJobs } from '../platform/jobs/index.ts'
import { createLimiter } from '../platform/limits/index.ts'
import { createEgress } from '../platform/net/index.ts'
import { createLocalRunLog } from '../platform/run-log/index.ts'
import { openDiskStorage } from '../platform/storage/index.ts'
import { openTestDatabase } from './database.ts'

/** A platform without modules, for tests of the platform itself. `end` is what a SIGTERM does. */
export async function makePlatform(
  migrations: Migration[] = [],
): Promise<{ platform: Platform; end(): void; drop(): Promise<void> }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'parley-platform-'))
  const database = await openTestDatabase(migrations)
  const log = pino({ level: 'silent' })
  const { config, secrets } = loadConfig({
    processEnv: { PORT: '0', PARLEY_DATA_DIR: dataDir, PARLEY_OVERLOAD_DELAY_MS: '0' },
    folder: dataDir,
  })
  config.http.checkResponses = true
  const shutdown = new AbortController()
  const egress = createEgress({ allow: [] })
  const platform: Platform = {
    config,
    secrets,
    log,
    database,
    db: database.db,
    keyring: await openKeyring(dataDir, secrets),
    storage: await openDiskStorage(join(dataDir, 'files')),
    egress,
    bus: createLocalBus((error) => {
      throw error
    }),
    runLog: createLocalRunLog(),
    jobs: createJobs(database, log),
    limiter: createLimiter(systemClock, undefined),
    redis: undefined,
    clock: systemClock,
    shutdown: shutdown.signal,
  }
  return {
    platform,
    end: () => shutdown.abort(),
    async drop() {
      await egress.close()
      await database.drop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
