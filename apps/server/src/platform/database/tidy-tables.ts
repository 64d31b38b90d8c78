import pg from 'pg'

/** Shares of a table that may be dead or changed before it is tidied: what PostgreSQL's autovacuum goes by. */
const due = {
  vacuum: 'n_dead_tup > 50 + 0.2 * n_live_tup',
  analyze: 'n_mod_since_analyze > 50 + 0.1 * n_live_tup',
}

/** Does what autovacuum does on a server, and nothing does in the embedded database. Table by table, as it may stall. */
export async function tidyTables(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query(
    `select schemaname, relname, ${due.vacuum} as vacuum from pg_stat_user_tables where ${due.vacuum} or ${due.analyze}`,
  )
  for (const { schemaname, relname, vacuum } of rows) {
    const table = `${pg.escapeIdentifier(schemaname)}.${pg.escapeIdentifier(relname)}`
    await pool.query(vacuum ? `vacuum (analyze) ${table}` : `analyze ${table}`)
  }
}
