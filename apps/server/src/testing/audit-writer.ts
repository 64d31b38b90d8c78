import pino from 'pino'
import { audit, installationChain } from '../platform/audit/index.ts'
import { createLocalBus } from '../platform/bus/index.ts'
import { inTransaction, systemClock } from '../platform/context.ts'
import { openKeyring } from '../platform/crypto/index.ts'
import { openDatabase } from '../platform/database/index.ts'

/**
 * A process that writes to the audit log as fast as it can: `audit-writer.ts <database> <data folder> <workspace> <name>`.
 * Says each transaction that was committed, and never ends by itself.
 */
const [url, dataDir, workspaceId, name] = process.argv.slice(2) as [string, string, string, string]
const { db } = await openDatabase({ url, dataDir, log: pino({ level: 'silent' }) })
const ctx = { db, keyring: await openKeyring(dataDir, {}), bus: createLocalBus(console.error), clock: systemClock }

const write = (number: number) =>
  inTransaction(ctx, async (tx) => {
    const subject = { kind: 'test', id: `${name}-${number}` }
    // Both logs, in an order of its own: nobody may wait in a circle.
    const both = number % 2 === 0 ? [workspaceId, installationChain] : [installationChain, workspaceId]
    for (const workspace of both) await audit(tx, { action: 'audit.read', subject, workspaces: [workspace] })
    if (number % 5 === 0) throw new Error('undone')
  })

await Promise.all(
  [0, 1, 2].map(async (lane) => {
    for (let number = lane; ; number += 3) {
      await write(number).catch((error: Error) => {
        if (error.message !== 'undone') throw error
      })
      if (number % 5 !== 0) process.stdout.write(`${name}-${number}\n`)
    }
  }),
)
