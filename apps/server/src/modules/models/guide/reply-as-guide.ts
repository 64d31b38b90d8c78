import { randomUUID } from 'node:crypto'
import { setImmediate as turn } from 'node:timers/promises'
import { countTokens, estimateInput } from '../count-tokens.ts'
import { unfenced, withoutFenced } from '../foreign-text.ts'
import type { ModelEvent, Prompt, PromptMessage, PromptTool, PromptToolResult } from '../types.ts'
import type { Section } from './manual.ts'
import { nameTool } from './name-tool.ts'
import { searchManual } from './search-manual.ts'

/** How much of a section is told: the rest is behind the link. */
const EXCERPT_CHARACTERS = 1_100

const whoIAm =
  'I am Parley’s built-in guide: not a language model, but a small program that looks things up in the manual.'
const whatNext =
  'An owner or admin connects one under **Settings → Models**: OpenAI, Anthropic, or anything that speaks the OpenAI protocol, such as Ollama on your own machine.'

/**
 * The reply of the built-in guide: a tool's result presented, a tool run that was named, or what the manual says, word for
 * word and with its place. The same question always gets the same answer. Throws the signal's reason when it aborts.
 */
export async function* replyAsGuide(prompt: Prompt, signal: AbortSignal): AsyncGenerator<ModelEvent> {
  let written = ''
  for await (const event of answer(prompt)) {
    // Lets the server breathe, and Stop get through, between sentences.
    await turn()
    signal.throwIfAborted()
    if ('delta' in event) written += event.delta
    yield event
    if (event.type === 'tool-call-end') {
      yield finish('tool-calls', prompt, written)
      return
    }
  }
  yield finish('stop', prompt, written)
}

function finish(reason: 'stop' | 'tool-calls', prompt: Prompt, written: string): ModelEvent {
  const tokens = { input: estimateInput(prompt), cachedInput: 0, output: countTokens(written), reasoning: 0 }
  return { type: 'finish', reason, tokens }
}

async function* answer(prompt: Prompt): AsyncGenerator<ModelEvent> {
  const last = prompt.messages.at(-1)
  if (last?.role === 'tool') {
    yield* say(presentResults(last.results))
    return
  }
  const question = textOf(last)
  const named = nameTool(question, prompt.tools)
  if (named && 'tool' in named) {
    const id = `call_${randomUUID().replaceAll('-', '')}`
    yield { type: 'tool-call-start', id, name: named.tool.name }
    yield { type: 'tool-call-arguments', id, delta: JSON.stringify(named.arguments) }
    yield { type: 'tool-call-end', id }
    return
  }
  if (named) {
    yield* say(unknownTool(named.unknown, prompt.tools))
    return
  }
  if (/^\W*(hi|hello|hey|good (morning|evening|day)|hallo|who are you|what are you|help)\b[^a-z]*$/i.test(question)) {
    yield* say(
      `Hello! ${whoIAm}\n\nAsk me how something works here, or run a tool: \`/name arguments\`. For real conversations, connect a model. ${whatNext}`,
    )
    return
  }
  const sections = await searchManual(question)
  if (sections.length === 0) {
    yield* say(
      `I do not know. ${whoIAm} The manual says nothing about this.\n\nA language model could answer. ${whatNext} Ask me “how do I connect a model?” for the steps.`,
    )
    return
  }
  yield* tell(sections)
}

/** The best section's beginning, and where to read on. */
async function* tell(sections: Section[]): AsyncGenerator<ModelEvent> {
  const [best, ...more] = sections
  yield* say(`${excerptOf(best!)} [1]\n`)
  if (more.length > 0) {
    const others = more.map((section, index) => `- ${section.path.join(' › ')} [${index + 2}]`)
    yield* say(`\nSee also:\n\n${others.join('\n')}\n`)
  }
  yield* say('\n*From the manual, by the built-in guide, which is not a language model.*')
  for (const [index, section] of sections.entries()) {
    yield {
      type: 'source',
      number: index + 1,
      title: section.path.join(' › '),
      url: `/docs/${section.page}${section.anchor === '' ? '' : `#${section.anchor}`}`,
      excerpt: plainText(section.blocks[0]!).slice(0, 300),
    }
  }
}

/** Whole blocks from the beginning, as many as fit; at least one, and code that an introduction promises. */
function excerptOf(section: Section): string {
  let text = section.blocks[0]!
  for (const block of section.blocks.slice(1)) {
    if (text.length + block.length > EXCERPT_CHARACTERS && !text.endsWith(':')) break
    text += `\n\n${block}`
  }
  // After code, a list or a table, the citation needs a line of its own.
  return /^(```|~~~|\||[-*] |\d+\. )/m.test(text.slice(text.lastIndexOf('\n\n') + 1).trimStart()) ? `${text}\n\n` : text
}

function plainText(markdown: string): string {
  return (
    markdown
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      // Of a table, its cells: no line under the head, no frame.
      .replace(/^\|?[ :|-]*---[ :|-]*$/gm, '')
      .replace(/^\||\|$/gm, '')
      .replace(/ *\| */g, ' · ')
      // Underscores inside a word belong to it.
      .replace(/[`*>#]|(?<!\w)_|_(?!\w)/g, '')
      .replace(/\s+/g, ' ')
      .trim()
  )
}

function presentResults(results: PromptToolResult[]): string {
  const told = results.map((result) => {
    const texts = result.content.map((item) =>
      item.type === 'text' ? unfenced(item.text) : `*(an image, ${item.mediaType})*`,
    )
    const text = texts.join('\n\n').trim()
    if (text === '') return `\`${result.name}\` ${result.isError ? 'failed without saying why.' : 'answered nothing.'}`
    return `\`${result.name}\` ${result.isError ? 'did not work' : 'answered'}:\n\n${fenced(text)}`
  })
  return told.join('\n\n')
}

/** In a fence that the text cannot close: what a tool says is shown, never rendered. */
function fenced(text: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map((run) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}text\n${text}\n${fence}`
}

function unknownTool(name: string, tools: PromptTool[]): string {
  if (tools.length === 0) {
    return `There is no tool \`${name}\`: no tool server is connected. An owner or admin adds one under **Settings → MCP servers**.`
  }
  const list = tools.slice(0, 30).map((tool) => `- \`/${tool.name}\` ${plainText(tool.description).slice(0, 100)}`)
  return `There is no tool \`${name}\`. These can be used:\n\n${list.join('\n')}`
}

function textOf(message: PromptMessage | undefined): string {
  if (message?.role !== 'user') return ''
  // What a file says is no request.
  return message.content.map((item) => (item.type === 'text' ? withoutFenced(item.text) : '')).join('\n')
}

/** In sentences and lines. */
function* say(text: string): Generator<ModelEvent> {
  for (const delta of text.match(/[^\n.!?]*(?:[.!?\n]+\s*|$)/g) ?? []) if (delta !== '') yield { type: 'text', delta }
}
