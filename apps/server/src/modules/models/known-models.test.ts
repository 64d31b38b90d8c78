import { describe, expect, test } from 'vitest'
import { classifyFailure, readRetryAfter } from './classify-failure.ts'
import { countTokens, priceOf, promptBudget } from './count-tokens.ts'
import { isForChat, knownModel } from './known-models.ts'
import { testModel } from './testing/model-context.ts'
import type { Connection } from './types.ts'

test.each([
  'gpt-4o',
  'o3',
  'claude-sonnet-4-5',
  'llama3.3:70b',
  'meta-llama/Llama-3.3-70B-Instruct',
  'gemini-2.5-flash',
  'qwen3:8b',
  'mistral-large-latest',
  'gpt-oss-20b',
])('%s is for chat', (name) => {
  expect(isForChat(name)).toBe(true)
})

test.each([
  'text-embedding-3-small',
  'tts-1-hd',
  'whisper-1',
  'dall-e-3',
  'omni-moderation-latest',
  'gpt-image-1',
  'sora-2',
  'gpt-4o-realtime-preview',
  'gpt-4o-transcribe',
  'gpt-4o-mini-tts',
  'nomic-embed-text:latest',
  'mxbai-embed-large',
  'gpt-4o-audio-preview',
  'davinci-002',
  'mistral-embed',
  'BAAI/bge-m3',
  'llama-guard-3-8b',
  'gpt-3.5-turbo-instruct',
])('%s is not', (name) => {
  expect(isForChat(name)).toBe(false)
})

test('families are known by name, with publisher or date', () => {
  expect(knownModel('gpt-4o-mini-2024-07-18')).toMatchObject({ contextTokens: 128_000, images: true })
  expect(knownModel('meta-llama/Llama-3.3-70B-Instruct')).toMatchObject({ contextTokens: 131_072 })
  expect(knownModel('never-heard-of')).toMatchObject({ contextTokens: 32_768, tools: true, price: null })
})

test('a price is of fresh, cached and written tokens, rounded up; unknown stays unknown', () => {
  const price = { inputMicroUsd: 3_000_000, cachedInputMicroUsd: 300_000, outputMicroUsd: 15_000_000 }
  const tokens = { input: 1_000, cachedInput: 400, output: 101, reasoning: 50 }
  expect(priceOf({ ...testModel('openai'), price }, tokens)).toBe(600 * 3 + 120 + 101 * 15)
  expect(priceOf({ ...testModel('openai'), price }, { ...tokens, input: 1, cachedInput: 1, output: 0 })).toBe(1)
  expect(priceOf({ ...testModel('openai'), price: null }, tokens)).toBeNull()
})

test('a prompt leaves room for the answer', () => {
  expect(countTokens('')).toBe(0)
  expect(promptBudget({ ...testModel('openai'), contextTokens: 8_192, maxOutputTokens: 8_192 })).toBe(8_192 - 2_048)
  expect(promptBudget({ ...testModel('openai'), contextTokens: 200_000, maxOutputTokens: 64_000 })).toBe(
    200_000 - 16_384,
  )
})

describe('a refusal', () => {
  const apiKey = 'secret-key-of-a-vendor'
  const connection: Connection = { name: 'X', protocol: 'openai', baseUrl: 'http://x/v1', apiKey, trusted: true }
  test.each([
    [400, [{ error: { code: 400, message: 'API key not valid.', status: 'INVALID_ARGUMENT' } }], 'model_auth'],
    [404, { error: "model 'llama9' not found" }, 'model_unavailable'],
    [404, '404 page not found', 'model_bad_request'],
    [429, { error: { message: 'Quota exceeded, check billing', status: 'RESOURCE_EXHAUSTED' } }, 'model_quota'],
    [402, { error: { message: 'Insufficient credits' } }, 'model_quota'],
    [400, { object: 'error', message: 'maximum context length is 4096 tokens', code: 400 }, 'model_context_too_long'],
    [
      400,
      { type: 'error', error: { type: 'invalid_request_error', message: 'Your credit balance is too low' } },
      'model_quota',
    ],
    [413, '', 'model_context_too_long'],
    [422, { detail: [{ msg: 'field required' }] }, 'model_bad_request'],
    [503, '<html>', 'model_overloaded'],
    [undefined, { error: { type: 'overloaded_error', message: 'Overloaded' } }, 'model_overloaded'],
  ])('%s %j is %s', (status, body, code) => {
    expect(classifyFailure(connection, { status, body }).code).toBe(code)
  })

  test('never repeats the key', () => {
    const error = classifyFailure(connection, {
      status: 400,
      body: { error: `Bad field, key ${apiKey} or sk-proj-abc12345` },
    })
    expect(error.message).toContain('Bad field')
    expect(error.message + String(error.cause)).not.toMatch(/secret-key|abc12345/)
  })

  test('says when to come back: seconds, milliseconds or a date', () => {
    expect(readRetryAfter({ 'retry-after': '7' })).toBe(7)
    expect(readRetryAfter({ 'retry-after-ms': '1500', 'retry-after': '9' })).toBe(2)
    expect(readRetryAfter({ 'retry-after': new Date(Date.now() + 30_000).toUTCString() })).toBeGreaterThanOrEqual(28)
    expect(readRetryAfter({ 'retry-after': 'soon' })).toBeUndefined()
    expect(readRetryAfter({ 'retry-after': '-4' })).toBeUndefined()
  })
})
