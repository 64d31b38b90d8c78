import type { FailureKind, Step } from './scripted-model-steps.ts'

/** What a script decides on. */
export interface ScriptedRequest {
  protocol: 'openai' | 'anthropic'
  model: string
  system: string
  /** The last thing a person said. */
  userText: string
  /** What the tools answered since then, newest turn only. */
  toolResults: string[]
  /** Model turns since the person spoke. */
  turn: number
  /** How often exactly this was asked before. */
  repeat: number
  body: Record<string, unknown>
}

/**
 * Does what the lines of the last user message say that begin with `!`; without any, answers pleasantly. `!next` parts the
 * turns: what follows is done after the tool results.
 *
 * `!words 500 [20ms]` `!slow 200 words 50ms` `!say <text>` `!reason [text]` `!tool name {"json": "arguments"}` `!wait 500`
 * `!429 [times] [retry after seconds]` `!500 [times]` `!529 [times]` `!401` `!quota` `!long` `!refuse` `!filter` `!length`
 * `!reset [after n words]` `!cut [after n words]` `!stall [after n words]` `!malformed` `!split 1` `!comment` `!no-done` `!no-usage`
 */
export function stepsFromDirectives(request: ScriptedRequest): Step[] {
  if (/^write a title/i.test(request.system)) return [{ type: 'text', text: 'A scripted conversation' }]
  const turns = request.userText.split(/^!next\s*$/m)
  const lines = (turns[request.turn] ?? '').split('\n').filter((line) => /^\s*![a-z0-9]/i.test(line))
  const steps = lines.flatMap((line) => stepsFromLine(line.trim(), request))
  if (steps.some((step) => step.type !== 'split' && step.type !== 'finish' && step.type !== 'wait')) return steps
  const answer = request.toolResults.length > 0 ? afterTools(request.toolResults) : pleasantAnswer(request.userText)
  const end = steps.filter((step) => step.type === 'finish')
  return [...steps.filter((step) => step.type !== 'finish'), { type: 'text', text: answer, everyMs: 4 }, ...end]
}

const statuses: Record<string, FailureKind> = {
  '!429': 'rate-limited',
  '!500': 'server-error',
  '!529': 'overloaded',
  '!401': 'auth',
  '!400': 'bad-request',
  '!404': 'no-such-model',
  '!quota': 'quota',
  '!long': 'context-too-long',
  '!refuse': 'content-refused',
}

function stepsFromLine(line: string, { repeat }: ScriptedRequest): Step[] {
  const [command = '', ...words] = line.split(/\s+/)
  const rest = line.slice(command.length).trim()
  const numbers = words.map((word) => Number.parseInt(word, 10)).filter((number) => !Number.isNaN(number))
  const [first, second] = numbers
  const kind = statuses[command]
  if (kind !== undefined) {
    if (repeat >= (first ?? Number.POSITIVE_INFINITY)) return []
    return [{ type: 'fail', kind, ...(kind === 'rate-limited' ? { retryAfter: String(second ?? 1) } : {}) }]
  }
  const before: Step[] = first === undefined ? [] : [{ type: 'text', text: lorem(first) }]
  switch (command) {
    case '!words':
      return [{ type: 'text', text: lorem(first ?? 100), everyMs: second ?? 0 }]
    case '!slow':
      return [{ type: 'text', text: lorem(first ?? 100), everyMs: second ?? 50 }]
    case '!say':
      return [{ type: 'text', text: rest }]
    case '!reason':
      return [{ type: 'reasoning', text: rest || 'First I think about the question. Then I answer it.', everyMs: 4 }]
    case '!tool': {
      const [name = ''] = words
      return [{ type: 'tool-call', name, arguments: rest.slice(name.length).trim() || '{}' }]
    }
    case '!wait':
      return [{ type: 'wait', ms: first ?? 500 }]
    case '!reset':
      return [...before, { type: 'wait', ms: 20 }, { type: 'reset' }]
    case '!cut':
      return [...before, { type: 'cut' }]
    case '!stall':
      return [...before, { type: 'stall' }]
    case '!malformed':
      return [...before, { type: 'raw', bytes: 'data: {"choices":[{"del\n\n' }]
    case '!comment':
      return [{ type: 'raw', bytes: ': still working\n\n' }]
    case '!split':
      return [{ type: 'split', bytes: first ?? 1 }]
    case '!filter':
      return [{ type: 'finish', reason: 'content-filter' }]
    case '!length':
      return [{ type: 'finish', reason: 'length' }]
    case '!no-done':
      return [{ type: 'finish', done: false }]
    case '!no-usage':
      return [{ type: 'finish', usage: null }]
    default:
      return [{ type: 'text', text: `I do not know the directive \`${command}\`.` }]
  }
}

const vocabulary =
  'the river carries small boats past quiet gardens while evening light falls on stone bridges and people talk'.split(
    ' ',
  )

/** So many words, always the same. */
export function lorem(words: number): string {
  return Array.from({ length: words }, (_, index) => vocabulary[index % vocabulary.length]).join(' ')
}

function afterTools(results: string[]): string {
  const quoted = results.map((result) => `> ${result.slice(0, 2_000).replace(/\n/g, '\n> ')}`)
  return `The tool answered:\n\n${quoted.join('\n\n')}\n\nThat is all I needed to know.`
}

function pleasantAnswer(question: string): string {
  return `## You asked: ${question.replace(/\s+/g, ' ').trim().slice(0, 80) || 'nothing'}

I am a **scripted model**: I always answer the same, in *Markdown*, so that what shows it can be looked at. ☕

1. A list, with \`code\` and a [link](https://example.com/)
2. and a second line

| river | length |
| --- | ---: |
| Danube | 2,850 km |
| Rhine | 1,233 km |

\`\`\`ts
export function greet(name: string): string {
  return \`Hello, \${name}!\`
}
\`\`\`

Mathematics too: $e^{i\\pi} + 1 = 0$. Write \`!words 500 20ms\` for a long answer, or \`!tool name {"argument": 1}\` for a tool call.`
}
