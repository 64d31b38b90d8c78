import type pg from 'pg'

/** A table as the database's own catalogue describes it. */
export interface TableDescription {
  name: string
  /** Without generated columns, in order. */
  columns: { name: string; type: string }[]
  /** Empty where there is no primary key. */
  primaryKey: { name: string; collatable: boolean }[]
}

export interface ForeignKey {
  table: string
  name: string
  definition: string
}

/** The tables of schema `public` by name, without the list of migrations and without what extensions brought. */
export async function readTables(client: pg.ClientBase): Promise<TableDescription[]> {
  const { rows } = await client.query(`
    select c.relname as "table", a.attname as "column", format_type(a.atttypid, a.atttypmod) as "type",
      a.attgenerated <> '' as "generated", a.attcollation <> 0 as "collatable",
      array_position(i.indkey::int2[], a.attnum) as "keyPosition"
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_index i on i.indrelid = c.oid and i.indisprimary
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname <> 'migrations'
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
    order by c.relname collate "C", a.attnum`)
  const tables = new Map<string, { columns: TableDescription['columns']; key: KeyColumn[] }>()
  for (const row of rows) {
    const table = tables.get(row.table) ?? { columns: [], key: [] }
    tables.set(row.table, table)
    if (!row.generated) table.columns.push({ name: row.column, type: row.type })
    if (row.keyPosition !== null) {
      table.key.push({ name: row.column, collatable: row.collatable, position: row.keyPosition })
    }
  }
  return [...tables].map(([name, { columns, key }]) => ({
    name,
    columns,
    primaryKey: key.sort((a, b) => a.position - b.position),
  }))
}

interface KeyColumn {
  name: string
  collatable: boolean
  position: number
}

export async function readForeignKeys(client: pg.ClientBase): Promise<ForeignKey[]> {
  const { rows } = await client.query(`
    select conrelid::regclass::text as "table", conname as "name", pg_get_constraintdef(oid) as "definition"
    from pg_constraint
    where contype = 'f' and connamespace = 'public'::regnamespace and conparentid = 0
    order by conname`)
  return rows
}

export async function readSequences(client: pg.ClientBase): Promise<string[]> {
  const { rows } = await client.query(`
    select relname as "name" from pg_class
    where relkind = 'S' and relnamespace = 'public'::regnamespace order by relname collate "C"`)
  return rows.map((row) => row.name)
}

export async function readMigrations(client: pg.ClientBase): Promise<{ name: string; checksum: string }[]> {
  const { rows } = await client.query('select name, checksum from migrations order by name collate "C"')
  return rows
}

/** Text forms that depend on no setting of the server or session. Until the end of the transaction. */
export async function useExactText(client: pg.ClientBase): Promise<void> {
  await client.query(`
    set local statement_timeout = 0;
    set local idle_in_transaction_session_timeout = 0;
    set local time zone 'UTC';
    set local datestyle = 'ISO, YMD';
    set local intervalstyle = 'postgres';
    set local bytea_output = 'hex';
    set local extra_float_digits = 1`)
}
