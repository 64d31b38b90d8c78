import { expect, test } from 'vitest'
import { toProblem } from './problem.ts'

const failed = (message: string, code?: string) => Object.assign(new Error(message), code === undefined ? {} : { code })

test.each([
  failed('timeout exceeded when trying to connect'),
  failed('Connection terminated unexpectedly'),
  failed('the database system is starting up', '57P03'),
  failed('sorry, too many clients already', '53300'),
  failed('deadlock detected', '40P01'),
])('a database that is busy or away is told as that, with when to try again: %s', (error) => {
  const { problem, headers, unexpected } = toProblem(error, 'request-1')
  expect(problem).toMatchObject({ status: 503, code: 'unavailable', requestId: 'request-1' })
  expect(problem.detail).not.toContain(error.message)
  expect(headers['retry-after']).toBe('2')
  expect(unexpected).toBe(false)
})

test.each([failed('secret detail'), failed('secret detail', 'EPIPE'), 'secret detail', null, undefined])(
  'anything else says nothing of itself: %s',
  (error) => {
    const { problem, unexpected } = toProblem(error, 'request-1')
    expect(problem).toMatchObject({ status: 500, code: 'internal' })
    expect(JSON.stringify(problem)).not.toContain('secret detail')
    expect(unexpected).toBe(true)
  },
)
