import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { AuditProblem } from '@parley/contract'
import { z } from 'zod'
import type { ChainKey, parseAnchor } from '../../platform/audit/index.ts'
import { ChainVerifier } from './verify-chain.ts'

const headerSchema = z.object({
  parleyAudit: z.literal(1),
  chain: z.string(),
  checkpoint: z
    .object({ sequence: z.int(), hash: z.string(), seal: z.string(), keyId: z.string() })
    .nullish()
    .transform((checkpoint) => checkpoint),
  sieved: z.boolean(),
})
const footerSchema = z.object({
  end: z.object({ sequence: z.int(), hash: z.string() }).nullable(),
  anchor: z.string().nullable(),
  entries: z.int(),
})

/** What came of checking one exported file. */
export interface FileReport {
  chain: string
  checked: number
  first: number | null
  last: number | null
  sieved: boolean
  problems: AuditProblem[]
}

/**
 * Checks an exported log, line by line, with nothing else at hand; with the server's key also the seals. Several exports
 * may follow one another in the file.
 * @throws Error when it is no such file
 */
export async function verifyFile(
  path: string,
  anchors: readonly NonNullable<ReturnType<typeof parseAnchor>>[],
  key: ChainKey | undefined,
): Promise<FileReport[]> {
  const reports: FileReport[] = []
  let begun: { header: z.infer<typeof headerSchema>; verifier: ChainVerifier; ended: boolean } | undefined
  const close = (footer?: z.infer<typeof footerSchema>) => {
    if (begun === undefined || begun.ended) return
    begun.ended = true
    reports.push(reportOf(begun.header, begun.verifier, footer))
  }

  let number = 0
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    number++
    if (line.trim() === '') continue
    const value = parse(line)
    const header = headerSchema.safeParse(value)
    if (header.success) {
      close()
      const { chain, sieved } = header.data
      const checkpoint = isIn(value, 'checkpoint') ? (header.data.checkpoint ?? null) : undefined
      const own = anchors.filter((anchor) => anchor.chain === chain)
      begun = {
        header: header.data,
        verifier: new ChainVerifier({ chain, checkpoint, sieved, anchors: own, key }),
        ended: false,
      }
      continue
    }
    if (begun === undefined) {
      throw new Error(`${path} is no exported audit log: its line ${number} does not say what follows`)
    }
    const footer = footerSchema.safeParse(value)
    if (footer.success) close(footer.data)
    else begun.verifier.take(value)
  }
  close()
  if (reports.length === 0) throw new Error(`${path} is empty`)
  return reports
}

function reportOf(
  { chain, sieved }: z.infer<typeof headerSchema>,
  verifier: ChainVerifier,
  footer: z.infer<typeof footerSchema> | undefined,
): FileReport {
  const problems = verifier.finish()
  const last = verifier.last
  const tell = (kind: AuditProblem['kind'], sequence: number | null, detail: string) =>
    problems.push({ kind, chain, sequence, id: null, detail })
  if (footer === undefined) tell('truncated', last ? last.sequence + 1 : null, 'The file has no end: it was cut off.')
  else if (footer.end !== null && footer.end.sequence > (last?.sequence ?? 0)) {
    tell(
      'truncated',
      (last?.sequence ?? 0) + 1,
      `The file ended with entry ${footer.end.sequence} when it was written.`,
    )
  } else if (footer.end !== null && last !== undefined && footer.end.sequence < last.sequence) {
    tell('added', last.sequence, `The file ended with entry ${footer.end.sequence} when it was written.`)
  } else if (footer.end !== null && last !== undefined && footer.end.hash !== last.hash) {
    const isNamed = problems.some(({ sequence }) => sequence === last.sequence)
    if (!isNamed) tell('changed', last.sequence, 'It is not the entry that the file ended with when it was written.')
  } else if (footer.entries !== verifier.checked && problems.length === 0) {
    tell('missing', null, `The file had ${footer.entries} entries when it was written, and has ${verifier.checked}.`)
  }
  return {
    chain,
    checked: verifier.checked,
    first: verifier.first ?? null,
    last: last?.sequence ?? null,
    sieved,
    problems,
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function isIn(value: unknown, field: string): boolean {
  return typeof value === 'object' && value !== null && field in value
}
