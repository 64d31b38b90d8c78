import Anthropic from '@anthropic-ai/sdk'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ScriptedModel, startScriptedModel } from './scripted-model.ts'

let model: ScriptedModel
let openai: OpenAI
let anthropic: Anthropic

beforeAll(async () => {
  model = await startScriptedModel()
  openai = new OpenAI({ baseURL: model.openaiBaseUrl, apiKey: 'sk-any', maxRetries: 0 })
  anthropic = new Anthropic({ baseURL: model.anthropicBaseUrl, apiKey: 'sk-any', maxRetries: 0 })
})
afterAll(() => model.close())

const twoTools = '!reason Which one?\n!say Both.\n!tool echo {"message":"hi"}\n!tool add {"a":1,"b":2}'
const tools = [{ type: 'function' as const, function: { name: 'echo', parameters: {} } }]

describe("the vendors' own clients understand it:", () => {
  test('openai, streamed with tools and usage', async () => {
    const final = await openai.chat.completions
      .stream({
        model: 'scripted-large',
        messages: [{ role: 'user', content: twoTools }],
        tools,
        stream_options: { include_usage: true },
      })
      .finalChatCompletion()
    const { message, finish_reason } = final.choices[0]!
    expect(message.content).toBe('Both.')
    expect(message.tool_calls?.map((call) => call.type === 'function' && call.function)).toMatchObject([
      { name: 'echo', arguments: '{"message":"hi"}' },
      { name: 'add', arguments: '{"a":1,"b":2}' },
    ])
    expect(finish_reason).toBe('tool_calls')
    expect(final.usage?.prompt_tokens).toBe(20)
  })

  test('openai, whole, listing and refusing', async () => {
    const whole = await openai.chat.completions.create({
      model: 'scripted-large',
      messages: [{ role: 'user', content: '!say Hello' }],
    })
    expect(whole.choices[0]?.message.content).toBe('Hello')
    const names = []
    for await (const { id } of openai.models.list()) names.push(id)
    expect(names).toEqual(['scripted-large', 'scripted-small'])
    const ask = (content: string) =>
      openai.chat.completions.create({ model: 'scripted-large', messages: [{ role: 'user', content }] })
    await expect(ask('!429 1 7')).rejects.toMatchObject({ status: 429, code: 'rate_limit_exceeded' })
    await expect(ask('!401')).rejects.toBeInstanceOf(OpenAI.AuthenticationError)
  })

  test('anthropic, streamed with thinking and tools', async () => {
    const final = await anthropic.messages
      .stream({ model: 'scripted-large', max_tokens: 100, messages: [{ role: 'user', content: twoTools }] })
      .finalMessage()
    expect(final.content).toMatchObject([
      { type: 'thinking', thinking: 'Which one?', signature: 'c2NyaXB0ZWQ=' },
      { type: 'text', text: 'Both.' },
      { type: 'tool_use', name: 'echo', input: { message: 'hi' } },
      { type: 'tool_use', name: 'add', input: { a: 1, b: 2 } },
    ])
    expect(final.stop_reason).toBe('tool_use')
  })

  test('anthropic, whole, listing and refusing', async () => {
    const ask = (content: string) =>
      anthropic.messages.create({ model: 'scripted-large', max_tokens: 9, messages: [{ role: 'user', content }] })
    expect((await ask('!say Hello')).content).toMatchObject([{ type: 'text', text: 'Hello' }])
    const names = []
    for await (const { id } of anthropic.models.list()) names.push(id)
    expect(names).toEqual(['scripted-large', 'scripted-small'])
    await expect(ask('!529')).rejects.toMatchObject({ status: 529 })
    await expect(ask('!401')).rejects.toBeInstanceOf(Anthropic.AuthenticationError)
  })
})

test('turns are parted by !next, and results are mentioned', async () => {
  const said = '!tool a {}\n!next\n!tool b {}\n!next\n!say done'
  const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: said }]
  const seen: unknown[] = []
  for (let turn = 0; turn < 3; turn++) {
    const { choices } = await openai.chat.completions.create({ model: 'scripted-large', messages })
    const { message } = choices[0]!
    messages.push(message)
    for (const call of message.tool_calls ?? []) {
      if (call.type !== 'function') continue
      seen.push(call.function.name)
      messages.push({ role: 'tool', tool_call_id: call.id, content: 'ok' })
    }
    if (message.content) seen.push(message.content)
  }
  expect(seen).toEqual(['a', 'b', 'done'])
})
