import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { McpServer } from '@modelcontextprotocol/server'
import { z } from 'zod'

export interface FixtureOptions {
  /** Each call of `write_note` adds a line to this file, so that a test can count them. */
  notesFile?: string
  /** How the tool `echo` describes itself. */
  description?: string
  /** Only these tools, in this order. */
  only?: string[]
  /** What `crash` does. Default: ends the process. */
  crash?: () => void
}

/** 1 x 1, red. */
const redDot = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC'

const text = (value: string) => ({ content: [{ type: 'text' as const, text: value }] })

/** An MCP server with a tool for each way in which a tool can behave. The same over both transports and both eras. */
export function makeFixtureServer(options: FixtureOptions = {}): McpServer {
  const { notesFile, description = 'Says the same again.', crash = () => process.exit(3) } = options
  const server = new McpServer({ name: 'fixture', version: '1.0.0' })
  const tools: Record<string, () => unknown> = {
    echo: () =>
      server.registerTool(
        'echo',
        {
          title: 'Echo',
          description,
          inputSchema: z.object({ message: z.string() }),
          annotations: { readOnlyHint: true },
        },
        ({ message }) => text(message),
      ),
    add: () =>
      server.registerTool(
        'add',
        {
          title: 'Add',
          description: 'Adds two numbers.',
          inputSchema: z.object({ a: z.number(), b: z.number() }),
          annotations: { readOnlyHint: true },
        },
        ({ a, b }) => text(String(a + b)),
      ),
    write_note: () =>
      server.registerTool(
        'write_note',
        {
          title: 'Write a note',
          description: 'Writes a note down, each time anew.',
          inputSchema: z.object({ text: z.string() }),
          annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false },
        },
        ({ text: note }) => {
          if (notesFile) appendFileSync(notesFile, `${note}\n`)
          return text(`Written: ${note}`)
        },
      ),
    slow_note: () =>
      server.registerTool(
        'slow_note',
        {
          title: 'Write a note slowly',
          description: 'Writes a note down at once, and answers much later.',
          inputSchema: z.object({ text: z.string() }),
          annotations: { readOnlyHint: false, idempotentHint: false },
        },
        async ({ text: note }, { mcpReq }) => {
          if (notesFile) appendFileSync(notesFile, `${note}\n`)
          await sleep(60_000, undefined, { signal: mcpReq.signal })
          return text(`Written: ${note}`)
        },
      ),
    slow: () =>
      server.registerTool(
        'slow',
        {
          title: 'Slow',
          description: 'Takes its time and tells how far it is.',
          inputSchema: z.object({ steps: z.number().int(), stepMs: z.number().int() }),
          annotations: { readOnlyHint: true },
        },
        async ({ steps, stepMs }, { mcpReq }) => {
          for (let step = 1; step <= steps; step++) {
            await sleep(stepMs, undefined, { signal: mcpReq.signal })
            const progressToken = mcpReq._meta?.progressToken
            if (progressToken === undefined) continue
            await mcpReq.notify({
              method: 'notifications/progress',
              params: { progressToken, progress: step, total: steps, message: `Step ${step}` },
            })
          }
          if (notesFile) appendFileSync(notesFile, 'slow ended\n')
          return text(`Done after ${steps} steps.`)
        },
      ),
    fail: () =>
      server.registerTool('fail', { description: 'Always fails.', annotations: { readOnlyHint: true } }, () => ({
        ...text('It went wrong, as always.'),
        isError: true,
      })),
    crash: () =>
      server.registerTool('crash', { description: 'Ends the program.' }, () => {
        crash()
        return text('Still here.')
      }),
    big: () =>
      server.registerTool(
        'big',
        {
          description: 'Answers with a lot of text.',
          inputSchema: z.object({ characters: z.number().int() }),
          annotations: { readOnlyHint: true },
        },
        ({ characters }) => text(numbered(characters)),
      ),
    image: () =>
      server.registerTool('image', { description: 'A red dot.', annotations: { readOnlyHint: true } }, () => ({
        content: [{ type: 'image' as const, data: redDot, mimeType: 'image/png' }],
      })),
    structured: () =>
      server.registerTool(
        'structured',
        {
          description: 'The weather, structured.',
          outputSchema: z.object({ city: z.string(), degrees: z.number() }),
          annotations: { readOnlyHint: true },
        },
        () => ({ ...text('Oslo: 4 degrees'), structuredContent: { city: 'Oslo', degrees: 4 } }),
      ),
    'needs-args': () =>
      server.registerTool(
        'needs-args',
        {
          title: 'Book a room',
          description: 'Books a room; needs to know a lot.',
          inputSchema: z.object({
            city: z.string().min(2),
            nights: z.number().int().min(1),
            breakfast: z.boolean(),
            kind: z.enum(['single', 'double']),
            wishes: z.array(z.string()).optional(),
          }),
        },
        (booking) => text(JSON.stringify(booking)),
      ),
  }
  for (const name of options.only ?? Object.keys(tools)) tools[name]?.()
  return server
}

/** Text in which every place can be told: lines with their numbers. */
export function numbered(characters: number): string {
  let lines = ''
  for (let line = 1; lines.length < characters; line++) lines += `This is line ${line}.\n`
  return lines.slice(0, characters)
}
