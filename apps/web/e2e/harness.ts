import { readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AxeResults } from 'axe-core'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'
import { migrations } from '../../server/src/migrations.ts'
import { prepareTestDataDir } from '../../server/src/testing/database.ts'
import { stdioFixture } from '../../server/src/testing/mcp-fixture.ts'
import { type ScriptedModel, startScriptedModel } from '../../server/src/testing/scripted-model.ts'
import { findChromium } from '../../server/src/testing/services.ts'
import { type SpawnedServer, spawnServer } from '../../server/src/testing/start-server.ts'

/** A person's browser, and all that a page of ours must never do. */
export interface Window {
  page: Page
  context: BrowserContext
  /** Violations of the content security policy, errors on the console, requests to other hosts. */
  complaints: string[]
}

export interface Stage {
  readonly server: SpawnedServer
  model: ScriptedModel
  /** What the tool `write_note` wrote. */
  notes(): string[]
  /** A browser of its own; with `as` the cookies of that one. */
  open(options?: { as?: Window; dark?: boolean; phone?: boolean }): Promise<Window>
  /** Kills the server as a power cut would, and starts it again on what it left behind, or on what `meanwhile` made of that. */
  crash(meanwhile?: (dataDir: string) => Promise<void>): Promise<void>
  close(): Promise<void>
}

/**
 * The real server with the built web app, a scripted model that is not connected yet, one MCP server, and Chromium.
 * `models`: what the scripted model says it has. `host`: under which name the server is opened (passkeys need one).
 */
export async function setStage({
  models,
  host = '127.0.0.1',
  egressAllow = [],
  env: more = {},
}: {
  models?: string[]
  host?: string
  /** Other hosts that the server may reach. */
  egressAllow?: string[]
  env?: Record<string, string>
} = {}): Promise<Stage> {
  const dataDir = await mkdtemp(join(tmpdir(), 'parley-e2e-'))
  const notesFile = join(dataDir, 'notes.txt')
  await writeFile(notesFile, '')
  await writeFile(
    join(dataDir, 'parley.json'),
    JSON.stringify({ mcpServers: { fixture: stdioFixture('well', { NOTES_FILE: notesFile }) } }),
  )
  await prepareTestDataDir(dataDir, migrations)
  const model = await startScriptedModel(models === undefined ? {} : { models })
  const port = await freePort()
  const env = {
    PARLEY_EGRESS_ALLOW: [new URL(model.url).host, ...egressAllow].join(','),
    PARLEY_CONFIG_FILE: join(dataDir, 'parley.json'),
    PUBLIC_URL: `http://${host}:${port}`,
    ...more,
  }
  const start = { dataDir, port, env }
  let server = await spawnServer(start)
  const browser = await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox'] })
  return {
    get server() {
      return server
    },
    model,
    notes: () => readFileSync(notesFile, 'utf8').split('\n').filter(Boolean),
    open: (options = {}) => openWindow(browser, env.PUBLIC_URL, options),
    async crash(meanwhile) {
      await server.kill9()
      await meanwhile?.(dataDir)
      server = await spawnServer(start)
    },
    async close() {
      await browser.close()
      await server.kill9()
      await model.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

async function openWindow(
  browser: Browser,
  url: string,
  { as, dark = false, phone = false }: { as?: Window; dark?: boolean; phone?: boolean },
): Promise<Window> {
  const context = await browser.newContext({
    baseURL: url,
    colorScheme: dark ? 'dark' : 'light',
    viewport: phone ? { width: 390, height: 844 } : { width: 1440, height: 900 },
    hasTouch: phone,
    reducedMotion: 'reduce',
    storageState: await as?.context.storageState(),
  })
  const page = await context.newPage()
  page.setDefaultTimeout(60_000)
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`))
  page.on('console', (message) => {
    // Chromium reports every 4xx of a fetch as an error; what the page makes of it is tested where it matters.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
      complaints.push(`console: ${message.text()}`)
    }
  })
  page.on('request', (request) => {
    if (/^https?:/.test(request.url()) && !request.url().startsWith(url)) complaints.push(`foreign: ${request.url()}`)
  })
  return { page, context, complaints }
}

async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const { port } = probe.address() as { port: number }
  await new Promise((resolve) => probe.close(resolve))
  return port
}

const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Asserts that axe finds nothing on the page: in light by all of its rules, in dark by those about contrast. */
export async function expectAccessible(page: Page, where: string): Promise<void> {
  await page.locator('h1').first().waitFor({ state: 'attached' })
  // Through the debugger, which the page's content security policy does not bind.
  await page.evaluate(axeSource)
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme })
    const options = colorScheme === 'light' ? {} : { runOnly: ['color-contrast', 'link-in-text-block'] }
    const results = (await page.evaluate(`axe.run(${JSON.stringify(options)})`)) as AxeResults
    const found = results.violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.target} ${node.failureSummary}`).join(' | ')}`,
    )
    expect(found, `axe on ${where}, ${colorScheme}`).toEqual([])
  }
  await page.emulateMedia({ colorScheme: 'light' })
}
