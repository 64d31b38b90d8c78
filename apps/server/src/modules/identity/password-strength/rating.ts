/** How hard a password is to guess, with words for whoever chooses it. */
export interface Rating {
  /** 0 guessed at once, to 4 very strong. */
  score: 0 | 1 | 2 | 3 | 4
  warning: string | null
  suggestions: string[]
}

/** Below this a stolen hash could be guessed: about a hundred million tries. */
export const enoughScore = 3

/** What the process that rates is asked. */
export interface RatingQuestion {
  password: string
  /** Words that whoever knows the person would try. */
  personal: readonly string[]
}
