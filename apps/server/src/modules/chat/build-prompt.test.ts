import type { Part } from '@parley/contract'
import { expect, test } from 'vitest'
import { toPrompt as toPromptOf } from './build-prompt.ts'

const fencing = (messageId: string, place: string, origin: string, from: string, text: string) =>
  `${messageId}/${place} ${origin} ${from}: ${text}`
const toPrompt = (role: 'user' | 'assistant', parts: Part[]) => toPromptOf({ id: 'm1', role, parts }, fencing)

const text = (text: string, step: number): Part => ({ type: 'text', text, origin: 'model', step })
const call = (id: string, step: number, change: Partial<Extract<Part, { type: 'tool-call' }>>): Part => ({
  type: 'tool-call',
  toolCallId: id,
  name: 'notes__write',
  title: 'Write',
  serverName: 'notes',
  arguments: '{"a":1}',
  state: 'done',
  origin: 'model',
  step,
  ...change,
})
const result = (text: string) => ({
  content: [{ type: 'text' as const, text }],
  isError: false,
  origin: 'tool' as const,
})

test('each step becomes one assistant message and the results of its calls', () => {
  const prompt = toPrompt('assistant', [
    text('I look.', 1),
    call('c1', 1, { result: result('found') }),
    call('c2', 1, { state: 'denied', detail: 'Not called: the person declined.' }),
    text('It is there.', 2),
  ])
  expect(prompt).toEqual([
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'I look.' },
        { type: 'tool-call', id: 'c1', name: 'notes__write', arguments: '{"a":1}' },
        { type: 'tool-call', id: 'c2', name: 'notes__write', arguments: '{"a":1}' },
      ],
    },
    {
      role: 'tool',
      results: [
        {
          toolCallId: 'c1',
          name: 'notes__write',
          content: [{ type: 'text', text: 'm1/c1 tool notes__write: found' }],
          isError: false,
        },
        {
          toolCallId: 'c2',
          name: 'notes__write',
          content: [{ type: 'text', text: 'Not called: the person declined.' }],
          isError: true,
        },
      ],
    },
    { role: 'assistant', content: [{ type: 'text', text: 'It is there.' }] },
  ])
})

test('every call has a result, also one that never happened: providers refuse a call without', () => {
  for (const state of ['cancelled', 'waiting', 'failed', 'unknown'] as const) {
    const [, results] = toPrompt('assistant', [call('c1', 1, { state })])
    expect(results).toMatchObject({ role: 'tool', results: [{ toolCallId: 'c1', isError: true }] })
  }
})

test('a cut result tells where the rest is', () => {
  const large = { resultId: '0190a0a0-0000-7000-8000-000000000000', characters: 90_000, pages: 5 }
  const [, results] = toPrompt('assistant', [call('c1', 1, { result: { ...result('begin'), large } })])
  expect(JSON.stringify(results)).toContain('parley__read_result')
  expect(JSON.stringify(results)).toContain(large.resultId)
})

test('notices, sources and empty messages are for people only', () => {
  expect(
    toPrompt('assistant', [{ type: 'notice', level: 'info', text: 'x', origin: 'system', step: 1 }, text('', 1)]),
  ).toEqual([])
})

test('reasoning goes back with its signature', () => {
  const [message] = toPrompt('assistant', [
    { type: 'reasoning', text: 'hm', origin: 'model', signature: 's', step: 1 },
    text('So.', 1),
  ])
  expect(message).toEqual({
    role: 'assistant',
    content: [
      { type: 'reasoning', text: 'hm', signature: 's' },
      { type: 'text', text: 'So.' },
    ],
  })
})

test('every part that no person here wrote is fenced, and says where it is from', () => {
  const told = JSON.stringify(
    toPrompt('user', [
      { type: 'text', text: 'mine', origin: 'user', step: 0 },
      { type: 'text', text: 'theirs', origin: 'web', step: 0 },
      { type: 'text', text: 'read', origin: 'file', step: 0 },
      { type: 'text', text: 'answered', origin: 'tool', step: 0 },
    ]),
  )
  expect(told).toContain('"text":"mine"')
  for (const text of ['m1/1 web web: theirs', 'm1/2 file file: read', 'm1/3 tool tool: answered']) {
    expect(told).toContain(text)
  }
})

test('what we say of a call is not fenced, what its server said of a failure is', () => {
  const failed = (change: object) =>
    JSON.stringify(toPrompt('assistant', [call('c1', 1, { state: 'failed', detail: 'Why.', ...change })])[1])
  expect(failed({})).toContain('"text":"Why."')
  expect(failed({ durationMs: 3 })).toContain('m1/c1 tool notes__write: Why.')
})
