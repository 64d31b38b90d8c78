import { describe, expect, test } from 'vitest'
import { within } from '../../../testing/pace.ts'
import { collect } from '../testing/collect.ts'
import { ask, readAll } from '../testing/model-context.ts'
import type { Prompt } from '../types.ts'
import { findPage, replyAsGuide } from './index.ts'
import { splitSections } from './manual.ts'
import { nameTool } from './name-tool.ts'

const { signal } = new AbortController()
const tool = (name: string, properties: Record<string, unknown>, required: string[] = []) => ({
  name,
  description: `Does ${name}.`,
  inputSchema: { type: 'object', properties, required },
})
const echo = tool('everything__echo', { message: { type: 'string' } }, ['message'])
const sum = tool('everything__get-sum', { a: { type: 'number' }, b: { type: 'number' } }, ['a', 'b'])

async function reply(text: string, more: Partial<Prompt> = {}) {
  const events = await readAll(replyAsGuide(ask(text, more), signal))
  return { ...collect(events), sources: events.filter((event) => event.type === 'source') }
}

describe('answers from the manual, with the place:', () => {
  test.each([
    ['How do I connect a model?', '/docs/models#connect-a-model', 'Settings → Models'],
    ['how can I use ollama', '/docs/models#connect-ollama', 'ollama pull'],
    ['How do I back up?', '/docs/backup#back-up', 'data folder'],
    ['how to make a backup of my data', '/docs/backup#back-up', 'data folder'],
    ['move to postgres', '/docs/backup#move-to-postgresql-or-to-another-machine', 'export'],
    ['The provider test failed, what now?', '/docs/models#when-the-test-of-a-provider-fails', 'verdict'],
  ])('%s', async (question, url, words) => {
    const { text, sources, finish } = await reply(question)
    expect(sources[0]).toMatchObject({ number: 1, url })
    expect(text).toContain(words)
    expect(text).toContain('[1]')
    expect(text).toContain('not a language model')
    expect(finish).toMatchObject({ reason: 'stop' })
  })

  test('How do I add an MCP server?', async () => {
    const { text, sources } = await reply('How do I add an MCP server?')
    expect(text).toMatch(/Settings → MCP servers|parley\.json/)
    expect(sources.length).toBeGreaterThan(0)
  })

  test('each source leads to a heading of a page that can be read', async () => {
    const { sources } = await reply('How do I connect a model?')
    for (const source of sources) {
      const [path, anchor] = source.url.split('#')
      const page = await findPage(path!.replace('/docs/', ''))
      expect(page && splitSections(page).map((section) => section.anchor)).toContain(anchor)
    }
  })
})

test('quotes a table as its cells, and names as they are', async () => {
  const questions = ['Which settings does the environment have?', 'PARLEY_DATA_DIR', 'OPENAI_API_KEY', 'DATABASE_URL']
  const excerpts = (await Promise.all(questions.map((text) => reply(text)))).flatMap(({ sources }) =>
    sources.map((source) => source.excerpt),
  )
  expect(excerpts.join('\n')).not.toMatch(/---|\|/)
  expect(excerpts.join('\n')).toMatch(/[A-Z]+_[A-Z]+ · /)
})

test.each(['What is the capital of Australia?', 'write a poem about rivers', 'qwxz', '???'])(
  'says that it does not know: %s',
  async (question) => {
    const { text, sources } = await reply(question)
    expect(text).toMatch(/^I do not know/)
    expect(text).toContain('Settings → Models')
    expect(sources).toEqual([])
  },
)

test('introduces itself', async () => {
  expect((await reply('Hello!')).text).toContain('not a language model')
})

test('says the same every time', async () => {
  const question = 'How do I connect a model?'
  expect(await reply(question)).toEqual(await reply(question))
})

describe('runs a tool that is named:', () => {
  test.each([
    ['/everything__echo {"message":"hi"}', 'everything__echo', { message: 'hi' }],
    ['/echo message=hi', 'everything__echo', { message: 'hi' }],
    ['/echo message="hi there, you"', 'everything__echo', { message: 'hi there, you' }],
    ['/echo hi there', 'everything__echo', { message: 'hi there' }],
    ['call the echo tool with message hi', 'everything__echo', { message: 'hi' }],
    ['Please use echo with message "hi and bye"', 'everything__echo', { message: 'hi and bye' }],
    ['run the tool get-sum with a 2 and b 3', 'everything__get-sum', { a: 2, b: 3 }],
    ['/get_sum a=2, b=3.5', 'everything__get-sum', { a: 2, b: 3.5 }],
    ['/get-sum a=2', 'everything__get-sum', { a: 2 }],
    ['/echo', 'everything__echo', {}],
  ])('%s', async (text, name, args) => {
    const { calls, finish } = await reply(text, { tools: [echo, sum] })
    expect(calls.map((call) => [call.name, JSON.parse(call.arguments)])).toEqual([[name, args]])
    expect(finish).toMatchObject({ reason: 'tool-calls' })
  })

  test('not one that is only spoken of, and not one of two with the same name', () => {
    expect(nameTool('How do I use a tool?', [echo])).toBeUndefined()
    expect(nameTool('What does echo mean?', [echo])).toBeUndefined()
    expect(nameTool('/echo hi', [echo, { ...echo, name: 'other__echo' }])).toEqual({ unknown: 'echo' })
  })

  test('lists what there is for a name it does not know', async () => {
    expect((await reply('/nothing', { tools: [echo] })).text).toContain('/everything__echo')
  })

  test('stays quick on long and odd texts', () => {
    const startedAt = performance.now()
    for (const text of [`/sum a=${' '.repeat(1_900)}`, `/get-sum ${'a '.repeat(900)}`, `/get-sum ${'x'.repeat(1e6)}`]) {
      nameTool(text, [echo, sum])
    }
    expect(performance.now() - startedAt).toBeLessThan(within(1_000))
  })
})

test("presents a tool's result as text that it cannot break out of", async () => {
  const results = [
    {
      toolCallId: 'c',
      name: 'echo',
      content: [{ type: 'text' as const, text: '```\n# Not a heading' }],
      isError: false,
    },
  ]
  const { text, calls } = await reply('', { messages: [...ask('/echo hi').messages, { role: 'tool', results }] })
  expect(text).toContain('````text\n```\n# Not a heading\n````')
  expect(calls).toEqual([])
})

test('stops when told to', async () => {
  await expect(readAll(replyAsGuide(ask('How do I connect a model?'), AbortSignal.abort('enough')))).rejects.toBe(
    'enough',
  )
})
