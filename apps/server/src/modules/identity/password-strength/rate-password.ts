import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import * as common from '@zxcvbn-ts/language-common'
import * as english from '@zxcvbn-ts/language-en'
import type { Rating } from './rating.ts'

// What is left of a password without the person's own name has to be worth something.
const enoughWithoutName = 6

const zxcvbn = new ZxcvbnFactory({
  dictionary: { ...common.dictionary, ...english.dictionary },
  graphs: common.adjacencyGraphs,
  translations: english.translations,
  // All that is longer is strong unless it repeats, and that shows in the first part.
  maxLength: 64,
})

/**
 * Rates a password by the guesses it would take: 49,000 passwords that were stolen and published, words, names, dates,
 * patterns on the keyboard, and `personal`, the words that whoever knows the person would try. Takes 2 to 200 ms.
 */
export function ratePassword(password: string, personal: readonly string[]): Rating {
  const words = personal.flatMap(partsOf)
  const { score, feedback } = zxcvbn.check(password, [...words, 'parley'])
  if (restWithout(password, words).length < enoughWithoutName) {
    return {
      score: Math.min(score, 1) as Rating['score'],
      warning: 'It is little more than your name or address, which others know.',
      suggestions: ['Use a few words that have nothing to do with you.'],
    }
  }
  return { score, warning: feedback.warning, suggestions: feedback.suggestions }
}

function partsOf(text: string): string[] {
  const parts = text.split(/[^\p{L}\p{N}]+/u).filter((part) => part.length >= 3)
  return [text, ...parts]
}

function restWithout(password: string, words: string[]): string {
  const longestFirst = [...words, 'parley'].map((word) => word.toLowerCase()).sort((a, b) => b.length - a.length)
  return longestFirst.filter(Boolean).reduce((rest, word) => rest.replaceAll(word, ''), password.toLowerCase())
}
