import type { AuditProblem } from '@parley/contract'
import { type FileReport, listChains, verifyChain, verifyFile } from './modules/audit/index.ts'
import { type ChainKey, chainKey, installationChain, parseAnchor } from './platform/audit/index.ts'
import { ConfigError, loadConfig } from './platform/config/index.ts'
import { systemClock } from './platform/context.ts'
import { hasMasterKey, openKeyring } from './platform/crypto/index.ts'
import { openDatabase } from './platform/database/index.ts'
import { createLog } from './platform/telemetry/index.ts'

export interface VerifyOptions {
  file?: string | undefined
  anchors: string[]
  json: boolean
}

interface Report extends Omit<FileReport, 'sieved'> {
  sieved?: boolean
  /** Where it ends, to be kept elsewhere. */
  anchor?: string | null
  problemCount: number
}

const mostTold = 100

/** Checks the audit log, in the database or in an exported file. 0: nothing is wrong; 1: something is; throws when it cannot. */
export async function verifyAudit({ file, anchors, json }: VerifyOptions): Promise<number> {
  const parsed = anchors.map((text) => {
    const anchor = parseAnchor(text)
    if (anchor === undefined)
      throw new Error(`“${text.slice(0, 60)}” is no anchor: it has to be <chain>:<number>:<hash>:<seal>`)
    return anchor
  })
  const { reports, withKey } = file === undefined ? await verifyStored(parsed) : await verifyExported(file, parsed)
  const unused = parsed.filter((anchor) => !reports.some(({ chain }) => chain === anchor.chain))
  for (const { chain, sequence } of unused) {
    const detail = `There is no log ${chain}, and an anchor says that it had ${sequence} entries.`
    reports.push({
      chain,
      checked: 0,
      first: null,
      last: null,
      problems: [{ kind: 'truncated', chain, sequence: 1, id: null, detail }],
      problemCount: 1,
    })
  }
  const ok = reports.every(({ problemCount }) => problemCount === 0)
  if (json) console.log(JSON.stringify({ ok, sealsChecked: withKey, chains: reports }, null, 2))
  else tell(reports, withKey)
  return ok ? 0 : 1
}

async function verifyExported(file: string, anchors: NonNullable<ReturnType<typeof parseAnchor>>[]) {
  const key = await findKey()
  const reports = (await verifyFile(file, anchors, key)).map((report) => ({
    ...report,
    problems: report.problems.slice(0, mostTold),
    problemCount: report.problems.length,
  }))
  return { reports: reports as Report[], withKey: key !== undefined }
}

async function verifyStored(anchors: NonNullable<ReturnType<typeof parseAnchor>>[]) {
  const { config, secrets } = loadConfig()
  const log = createLog({ ...config, log: { ...config.log, level: 'warn' } }, secrets)
  const key = await findKey()
  const handle = await openDatabase({
    dataDir: config.dataDir,
    log,
    ...(secrets.databaseUrl === undefined ? {} : { url: secrets.databaseUrl }),
  })
  try {
    const platform = { db: handle.db, clock: systemClock }
    const reports: Report[] = []
    for (const chain of await listChains(handle.db)) {
      const { firstSequence: first, lastSequence: last, ...rest } = await verifyChain(platform, chain, { key, anchors })
      reports.push({ ...rest, chain, first, last })
    }
    return { reports, withKey: key !== undefined }
  } finally {
    await handle.close()
  }
}

/** The server's key where it is here; an auditor's machine has none, and none is made. */
async function findKey(): Promise<ChainKey | undefined> {
  try {
    const { config, secrets } = loadConfig()
    return hasMasterKey(config.dataDir, secrets) ? chainKey(await openKeyring(config.dataDir, secrets)) : undefined
  } catch (error) {
    if (error instanceof ConfigError) return undefined
    throw error
  }
}

function tell(reports: Report[], withKey: boolean): void {
  for (const { chain, checked, first, last, problems, problemCount, sieved, anchor } of reports) {
    const name = chain === installationChain ? 'The log of the installation' : `The log of workspace ${chain}`
    const range = first === null ? 'no entries' : `${checked} entries, ${first} to ${last}`
    console.log(`${name}: ${range}: ${problemCount === 0 ? 'nothing is wrong' : 'NOT AS IT WAS WRITTEN'}`)
    if (sieved) console.log('  It is an excerpt: each entry was checked, and not whether any are missing.')
    if (anchor != null) console.log(`  anchor  ${anchor}`)
    for (const problem of problems) console.log(`  ${line(problem)}`)
    if (problemCount > problems.length) console.log(`  and ${problemCount - problems.length} more`)
  }
  if (!withKey) console.log('The key of the server is not here: hashes were checked, and seals were not.')
  if (reports.length === 0) console.log('There is no audit log yet.')
}

function line({ kind, sequence, id, detail }: AuditProblem): string {
  const what = sequence === null ? 'somewhere' : `entry ${sequence}${id === null ? '' : ` (${id})`}`
  return `${kind}  ${what}: ${detail}`
}
