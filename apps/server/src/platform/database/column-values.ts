import type { CustomTypesConfig } from 'pg'
import pg from 'pg'

const oids = { int8: 20, int8Array: 1016, date: 1082 }

/**
 * How column values arrive, the same on both kinds of database:
 * `bigint` (and so `count(*)`) as number, refused beyond 2^53; `timestamptz` as Date; `date` as 'YYYY-MM-DD';
 * `jsonb` parsed; `numeric` as string, exact; `bytea` as Buffer.
 */
export const columnTypes: CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') => {
    if (format === 'binary') return pg.types.getTypeParser(oid, 'binary')
    if (oid === oids.int8) return safeInteger
    if (oid === oids.int8Array) {
      const parse = pg.types.getTypeParser(oid, 'text') as (text: string) => (string | null)[]
      return (text: string) => parse(text).map((item) => (item === null ? null : safeInteger(item)))
    }
    if (oid === oids.date) return (text: string) => text
    return pg.types.getTypeParser(oid, 'text')
  },
}

function safeInteger(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new Error(`${text} is too large for a number`)
  return value
}
