import { z } from 'zod'

/**
 * What an export looks like: `manifest.json` and, per table of schema `public`, one file with a line of JSON per row in
 * the order of the primary key. A line is an object from column to PostgreSQL's text form of the value, or null; that
 * form is exact for every type. Two exports of the same content are the same, byte for byte.
 */
export const manifestSchema = z.object({
  format: z.literal(1),
  migrations: z.array(z.object({ name: z.string(), checksum: z.string() })),
  tables: z.array(
    z.object({
      name: z.string(),
      file: z.string(),
      columns: z.array(z.string()),
      rows: z.number().int(),
      sha256: z.string(),
    }),
  ),
  sequences: z.array(z.object({ name: z.string(), lastValue: z.string(), isCalled: z.boolean() })),
})

export type Manifest = z.infer<typeof manifestSchema>

export const manifestFile = 'manifest.json'

/** Told about once per batch of rows. */
export type Progress = (progress: { table: string; rows: number }) => void
