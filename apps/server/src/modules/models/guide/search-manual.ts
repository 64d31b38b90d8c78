import { loadManual, type Section, splitSections } from './manual.ts'

/** BM25's usual constants: how soon repeating a word stops counting, and how much long sections are held back. */
const K1 = 1.2
const B = 0.6
/** A word in a heading says more than one in the text. */
const HEADING_WEIGHT = 4
/** The part of a question, by the weight of its words, that a section has to speak of to be an answer. */
const MIN_COVERAGE = 0.55

interface IndexedSection {
  section: Section
  counts: Map<string, number>
  length: number
}

interface Index {
  sections: IndexedSection[]
  averageLength: number
  /** In how many sections a word stands. */
  spread: Map<string, number>
}

let built: Promise<Index> | undefined

/** The sections that answer a question, best first, at most three; none where the manual does not speak of it. */
export async function searchManual(question: string): Promise<Section[]> {
  built ??= loadManual().then((pages) => buildIndex(pages.flatMap(splitSections)))
  return rank(await built, question)
}

export function buildIndex(sections: Section[]): Index {
  const indexed = sections.map((section) => {
    const counts = new Map<string, number>()
    const add = (text: string, weight: number) => {
      for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + weight)
    }
    add(section.path.join(' '), HEADING_WEIGHT)
    add(section.blocks.join(' '), 1)
    return { section, counts, length: [...counts.values()].reduce((sum, count) => sum + count, 0) }
  })
  const spread = new Map<string, number>()
  for (const { counts } of indexed) for (const word of counts.keys()) spread.set(word, (spread.get(word) ?? 0) + 1)
  const total = indexed.reduce((sum, { length }) => sum + length, 0)
  return { sections: indexed, averageLength: total / Math.max(1, indexed.length), spread }
}

export function rank(index: Index, question: string): Section[] {
  const words = [...new Set(wordsOf(question))]
  if (words.length === 0) return []
  const weights = words.map((word) => {
    const spread = Math.max(0, ...familyOf(word).map((member) => index.spread.get(member) ?? 0))
    return Math.log(1 + (index.sections.length - spread + 0.5) / (spread + 0.5))
  })
  const totalWeight = weights.reduce((sum, weight) => sum + weight, 0)
  const scored = index.sections.flatMap(({ section, counts, length }) => {
    let score = 0
    let covered = 0
    for (const [position, word] of words.entries()) {
      const weight = weights[position]!
      const count = Math.max(...familyOf(word).map((member) => (counts.get(member) ?? 0) * (member === word ? 1 : 0.7)))
      if (count <= 0) continue
      covered += weight
      score += (weight * count * (K1 + 1)) / (count + K1 * (1 - B + (B * length) / index.averageLength))
    }
    return covered >= MIN_COVERAGE * totalWeight
      ? [{ section, score: score * interestOf(section) * (1 + likeness(section, words)) }]
      : []
  })
  scored.sort((a, b) => b.score - a.score)
  const best = scored[0]?.score ?? 0
  return scored
    .filter(({ score }) => score >= best * 0.75)
    .slice(0, 3)
    .map(({ section }) => section)
}

/** The part of a section's own heading that the question says: "Connect a model" beats "Connect OpenAI". */
function likeness({ path }: Section, words: string[]): number {
  const heading = [...new Set(wordsOf(path.at(-1) ?? ''))]
  return heading.length === 0 ? 0 : heading.filter((word) => words.includes(word)).length / heading.length
}

/** The pages of the manual say more than the README; those for who builds Parley answer only where no other does. */
function interestOf({ page }: Section): number {
  if (page === 'readme') return 0.75
  return page === 'architecture' || page === 'glossary' ? 0.5 : 1
}

const STOP_WORDS = new Set(
  `a an and are as at be been but by can could did do does for from get give had has have how i if in into is it its let
  me my of on one or our please should show so some tell that the their them then there these they this to up us was we
  what when where which who why will with would you your want need am about explain`.split(/\s+/),
)

/** Lower-case words without endings, and without those that every question has. */
export function wordsOf(text: string): string[] {
  const joined = text
    .toLowerCase()
    .replace(/\bback(ing|ed)?[ -]?ups?\b/g, 'backup')
    .replace(/\bset[ -]?up\b/g, 'setup')
  return (joined.match(/[\p{L}\p{N}]+/gu) ?? []).filter((word) => !STOP_WORDS.has(word)).map(stem)
}

function stem(word: string): string {
  if (word.length <= 3) return word
  const base = word
    .replace(/ies$/, 'y')
    .replace(/(ss|x|ch|sh)es$/, '$1')
    .replace(/([^s])s$/, '$1')
    .replace(/(ing|ed|er|ion|ation)$/, (ending) => (word.length - ending.length >= 4 ? '' : ending))
  return base.replace(/e$/, '').replace(/([^l])\1$/, '$1')
}

const FAMILIES = [
  'connect add configure setup attach link enable',
  'model llm provider',
  'install start run launch begin deploy',
  'backup export copy dump snapshot',
  'restore import recover',
  'delete remove disconnect erase',
  'key token secret credential',
  'mcp tool plugin',
  'allow approve permission policy consent',
  'error problem fail trouble wrong',
  'upgrade update migrate',
  'local ollama offline',
  'login signin password account',
  'change edit set setting',
].map((family) => family.split(' ').map(stem))

/** The word and those that people use for the same thing. */
function familyOf(word: string): string[] {
  return [word, ...FAMILIES.filter((family) => family.includes(word)).flat()]
}
