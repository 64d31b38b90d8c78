import { privateKinds } from '@parley/contract'
import { describe, expect, test } from 'vitest'
import { findPrivate } from './find-private.ts'
import { Placeholders } from './placeholders.ts'
import { labelledTexts } from './testing/labelled-texts.ts'

const texts = labelledTexts()

test('there are at least 300 texts in 6 languages', () => {
  expect(texts.length).toBeGreaterThanOrEqual(300)
  expect(new Set(texts.map(({ language }) => language)).size).toBe(6)
})

test.each(privateKinds)('%s: precision and recall are at least 0.95', (kind) => {
  let right = 0
  const wrong: string[] = []
  const missed: string[] = []
  for (const { text, expected } of texts) {
    const found = findPrivate(text).flatMap((each) => (each.kind === kind ? [text.slice(each.start, each.end)] : []))
    const wanted = expected.flatMap((each) => (each.kind === kind ? [each.value] : []))
    right += found.filter((value) => wanted.includes(value)).length
    wrong.push(...found.filter((value) => !wanted.includes(value)).map((value) => `${value} in: ${text}`))
    missed.push(...wanted.filter((value) => !found.includes(value)).map((value) => `${value} in: ${text}`))
  }
  const precision = right / (right + wrong.length)
  const recall = right / (right + missed.length)
  console.log(`${kind}: ${right} found, precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)}`)
  expect({ enough: precision >= 0.95, wrong }).toMatchObject({ enough: true })
  expect({ enough: recall >= 0.95, missed }).toMatchObject({ enough: true })
})

test('takes a time that grows with the text, not with its square', () => {
  const started = performance.now()
  for (const piece of ['a', '1', '1 ', 'a@', 'A1', '+4', ':', '1.', 'eyJ', 'sk-', '(0', 'a.'])
    findPrivate(piece.repeat(50_000))
  expect(performance.now() - started).toBeLessThan(20_000)
})

describe('Placeholders', () => {
  const text = 'Mail ada@example.com or bob@example.com, then ada@example.com again.'
  const tags = new Map<string, string>()
  const make = () =>
    new Placeholders((_, value) => {
      if (!tags.has(value)) tags.set(value, `00000${tags.size + 1}`)
      return tags.get(value)!
    })

  test('stand for values, the same for the same', () => {
    const placeholders = make()
    expect(placeholders.redact(text)).toBe('Mail [EMAIL_000001] or [EMAIL_000002], then [EMAIL_000001] again.')
    expect(placeholders.restore(placeholders.redact(text))).toBe(text)
  })

  test('come back from a stream that is cut anywhere', () => {
    const placeholders = make()
    const told = `[see] ${placeholders.redact(text)} [1] [EMAIL_ffffff] [`
    const whole = `[see] ${text} [1] [EMAIL_ffffff] [`
    for (let size = 1; size <= told.length; size++) {
      const restorer = placeholders.restorer()
      let shown = ''
      for (let at = 0; at < told.length; at += size) {
        shown += restorer.push(told.slice(at, at + size))
        expect(shown).not.toMatch(/\[EMAIL_0/)
      }
      expect(shown + restorer.end()).toBe(whole)
    }
  })

  test('are written as the place needs it', () => {
    const placeholders = make()
    const told = placeholders.redact('password: ab\\c1234X')
    expect(told).toBe('password: [SECRET_000003]')
    const args = placeholders.restore(JSON.stringify({ text: told }), (value) => JSON.stringify(value).slice(1, -1))
    expect(JSON.parse(args)).toEqual({ text: 'password: ab\\c1234X' })
  })
})
