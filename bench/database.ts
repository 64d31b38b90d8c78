import { Client } from 'pg'

/** A database of its own on the server of `url`, so that no earlier measurement weighs on this one. */
export async function makeDatabase(url: string): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `parley_bench_${process.pid}`
  await run(url, `create database "${name}"`)
  const made = new URL(url)
  made.pathname = `/${name}`
  return { url: made.href, drop: () => run(url, `drop database if exists "${name}" with (force)`) }
}

async function run(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 20_000 })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
