export interface Strength {
  /** 0 too short, then 1 weak to 4 strong. */
  score: 0 | 1 | 2 | 3 | 4
  hint: string
}

const hints = ['', 'Easy to guess: make it longer.', 'Fair. A few more words make it strong.', 'Good.', 'Strong.']

/** A rough idea of how hard a password is to guess: length counts most, repetition does not count. */
export function passwordStrength(password: string): Strength {
  if (password.length < 10) return { score: 0, hint: 'At least 10 characters. A few unrelated words work well.' }
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^a-zA-Z\d]/].filter((kind) => kind.test(password)).length
  const variety = new Set(password.toLowerCase()).size
  const common = /^(password|passwort|qwerty|12345|letmein|parley)/i.test(password)
  const points = Math.min(variety, password.length * 0.75) + kinds * 1.5 + password.length * 0.25
  const score = common || variety < 6 ? 1 : points < 14 ? 2 : points < 19 ? 3 : 4
  return { score, hint: hints[score]! }
}
