import { afterEach, describe, expect, test, vi } from 'vitest'
import { ratePassword, requireStrongPassword } from './check-strength.ts'
import { ratePassword as rateHere } from './rate-password.ts'
import { enoughScore } from './rating.ts'

const personal = ['Olivia Owner', 'olivia.owner@example.com']

describe('what is refused', () => {
  test.each([
    'Password123',
    'qwertyuiop',
    '1234567890',
    'letmein1234',
    'Summer2026!',
    'Passw0rd!Passw0rd!',
    'aaaaaaaaaaaa',
    'abcdefghij',
    'P@ssw0rd2026',
    'OliviaOwner1',
    'olivia.owner@example.com',
    'owner-olivia-99',
    'parleyparley',
    'parley12345',
    'x'.repeat(200),
  ])('%s', (password) => {
    expect(rateHere(password, personal).score).toBeLessThan(enoughScore)
  })
})

test.each([
  'correct horse battery',
  'a long test password',
  'kX9#pQ2vLw',
  'mein hund bello',
  'Olivia likes green trains',
])('%s is taken', (password) => {
  expect(rateHere(password, personal).score).toBeGreaterThanOrEqual(enoughScore)
})

test('the refusal says why and what would be better, and points at the field', async () => {
  await expect(requireStrongPassword('letmein1234', personal, '/newPassword')).rejects.toMatchObject({
    code: 'weak_password',
    message: expect.stringMatching(/commonly used password/),
    fields: [{ pointer: '/newPassword', message: expect.stringMatching(/words/) }],
  })
  await requireStrongPassword('correct horse battery', personal, '/newPassword')
})

describe('the process', () => {
  afterEach(() => vi.restoreAllMocks())

  test('keeps the event loop free while passwords are rated', async () => {
    await ratePassword('warm up the lists', [])
    let longest = 0
    let last = performance.now()
    const watch = setInterval(() => {
      const now = performance.now()
      longest = Math.max(longest, now - last - 5)
      last = now
    }, 5)
    // Repetition without end is what takes longest.
    const begun = performance.now()
    await Promise.all(Array.from({ length: 20 }, (_, index) => ratePassword(`${'ab1'.repeat(60)}${index}`, personal)))
    const tookMs = performance.now() - begun
    clearInterval(watch)
    expect(tookMs).toBeGreaterThan(2 * longest)
  })

  test('refuses more than it can hold, and goes on afterwards', async () => {
    const many = Array.from({ length: 60 }, async () => ratePassword('some other password', personal))
    const results = await Promise.allSettled(many)
    const refused = results.filter(({ status }) => status === 'rejected')
    expect(refused).toHaveLength(9)
    expect(refused[0]).toMatchObject({ reason: { code: 'unavailable' } })
    expect((await ratePassword('some other password', personal)).score).toBeGreaterThan(0)
  })
})
