import { randomBytes } from 'node:crypto'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import pg from 'pg'
import { createClient } from 'redis'
import { describe, test } from 'vitest'

/**
 * What a machine may have and the project does not need: tests that want it are reported as skipped where it is
 * missing, and fail where `CI` is set, so that continuous integration never passes by skipping.
 */
export function describeWith(available: boolean, what: string, name: string, define: () => void): void {
  if (available) {
    describe(name, define)
  } else if (isCi()) {
    describe(name, ({ beforeAll }) => {
      beforeAll(() => {
        throw new Error(`CI is set and ${what} is missing`)
      })
      define()
    })
  } else {
    describe.skip(`${name} (needs ${what})`, define)
  }
}

function isCi(): boolean {
  return !['', '0', 'false', undefined].includes(process.env.CI)
}

const serverUrl = process.env.TEST_DATABASE_URL || 'postgres://root@127.0.0.1:5432/postgres'

/** Whether the server at `TEST_DATABASE_URL` (default: on this machine) answers. Asked once per test file. */
export const hasPostgres: boolean = await canConnect(serverUrl)

export function describeWithPostgres(name: string, define: () => void): void {
  describeWith(hasPostgres, `a PostgreSQL server at ${serverUrl} (TEST_DATABASE_URL)`, name, define)
}

/**
 * A test of what shows only where statements run at the same moment, which the embedded database never does: it runs
 * where the tests run on PostgreSQL (`PARLEY_TEST_DATABASE=postgres`), as they do in CI besides. Its name says so.
 */
export function testOnPostgres(name: string, define: () => Promise<void>): void {
  test.skipIf(process.env.PARLEY_TEST_DATABASE !== 'postgres')(`${name} (on PostgreSQL)`, define)
}

/** A database of one's own on that server. */
export async function scratchDatabase(): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `parley_test_${randomBytes(6).toString('hex')}`
  await onServer(`create database ${name} encoding 'UTF8' template template0`)
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return {
    url: url.href,
    drop: () => onServer(`drop database if exists ${name} with (force)`),
  }
}

const redisUrl = process.env.TEST_REDIS_URL || 'redis://127.0.0.1:6379'

/** Whether the Redis at `TEST_REDIS_URL` (default: on this machine) answers. */
export const hasRedis: boolean = await canReachRedis()

export function describeWithRedis(name: string, define: () => void): void {
  describeWith(hasRedis, `Redis at ${redisUrl} (TEST_REDIS_URL)`, name, define)
}

/** One of its databases, by chance: tests that run at the same time should not count together. */
export function testRedisUrl(): string {
  const url = new URL(redisUrl)
  url.pathname = `/${1 + Math.floor(Math.random() * 15)}`
  return url.href
}

/** The path of a Chromium or Chrome: `CHROMIUM_PATH`, or the first on the PATH. */
export function findChromium(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']
  const onPath = (process.env.PATH ?? '').split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)))
  return [process.env.CHROMIUM_PATH, ...onPath].find((path) => path !== undefined && path !== '' && isExecutable(path))
}

export function describeWithChromium(name: string, define: () => void): void {
  describeWith(findChromium() !== undefined, 'Chromium (CHROMIUM_PATH)', name, define)
}

async function canConnect(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 })
  try {
    await client.connect()
    return true
  } catch {
    return false
  } finally {
    await client.end()
  }
}

async function canReachRedis(): Promise<boolean> {
  const client = createClient({ url: redisUrl, socket: { connectTimeout: 2_000, reconnectStrategy: false } })
  client.on('error', () => undefined)
  try {
    await client.connect()
    client.destroy()
    return true
  } catch {
    return false
  }
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
