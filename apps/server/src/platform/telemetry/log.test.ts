import { expect, test } from 'vitest'
import { loadConfig } from '../config/index.ts'
import { createLog } from './log.ts'

const secretsUsed = {
  DATABASE_URL: 'postgres://me:pa55word@localhost:5432/db',
  OPENAI_API_KEY: 'odd-looking-provider-key',
  PARLEY_ADMIN_EMAIL: 'me@example.com',
  PARLEY_ADMIN_PASSWORD: 'quoted"password\\9',
}
const { config, secrets } = loadConfig({
  processEnv: { ...secretsUsed, PARLEY_LOG_PRETTY: '0' },
  folder: '/nonexistent',
})

function logged(write: (log: ReturnType<typeof createLog>) => void, pretty = false): string {
  let text = ''
  write(
    createLog({ ...config, log: { level: 'trace', pretty } }, secrets, {
      write: (line) => {
        text += line
      },
    }),
  )
  return text
}

test.each([
  [
    'fields at any depth',
    {
      a: { b: [{ apiKey: 'zz-secret' }], headers: { Authorization: 'zz-secret', 'Set-Cookie': ['zz-secret'] } },
      password: 'zz-secret',
    },
  ],
  [
    'fields of an error',
    { err: Object.assign(new Error('x'), { config: { accessToken: 'zz-secret', api_key: 'zz-secret' } }) },
  ],
  ['our own keys', { note: `mcp_${'a'.repeat(49)}zz-secret`.slice(0, 53) }],
])('%s are masked', (_name, entry) => {
  const text = logged((log) => log.info(entry, 'message'))
  expect(text).not.toContain('zz-secret')
  expect(text).not.toContain('mcp_')
  expect(text).toContain('[redacted]')
})

test('what looks like a credential, and every configured secret, is masked wherever it stands', () => {
  const text = logged((log) => {
    const all = Object.values(secretsUsed)
    log.error({ err: new Error(`cannot connect to ${all[0]} with Bearer abcdefghijkl`) }, `used ${all.join(' ')}`)
    log.info({ deep: { list: all } }, 'postgres://other:pw9@host/db sk-ant-1234567890abcdef')
  })
  for (const secret of ['pa55word', 'odd-looking', 'quoted', 'abcdefghijkl', 'pw9', '1234567890abcdef']) {
    expect(text).not.toContain(secret)
  }
  for (const line of text.trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow()
})

test('what is no secret stays', () => {
  const text = logged((log) => log.info({ keyId: 'k1', tokens: 12, inputTokens: 3, monkey: 'm' }, 'hello'))
  expect(JSON.parse(text)).toMatchObject({ keyId: 'k1', tokens: 12, inputTokens: 3, monkey: 'm', msg: 'hello' })
})

test('for people it is a line of text, and the stack of an error', () => {
  const text = logged((log) => log.warn({ err: new Error('broken'), n: 1 }, 'Look'), true)
  expect(text).toMatch(/^.*\d\d:\d\d:\d\d.*warn.* Look.*n=1.*\nError: broken\n {4}at /s)
})
