import { isIP } from 'node:net'
import type { PrivateKind } from '@parley/contract'
import { ibanLength, isIban, nationalIds, passesLuhn } from './check-digits.ts'

/** Something private in a text: which kind, from where to where. */
export interface PrivateFinding {
  kind: PrivateKind
  start: number
  end: number
}

/** Finds candidates of one kind; `accept` decides on each, and may answer how many of its characters count. */
interface Detector {
  kind: PrivateKind
  pattern: RegExp
  accept?: (found: string, before: string) => boolean | number
}

/** How much text before a candidate may say what it is. */
const contextCharacters = 48

const phoneWords =
  /(?:(?<!\p{L})(?:tel|phone|call|mobile|cell|fax|whatsapp|sms|ring|reach|handy|telefon|rufe?n?|nummer|mobil|t[ée]l[ée]phone|appel|portable|joindre|tel[ée]fono|llam|m[óo]vil|celular|chiam|cellulare|numero|telefone|ligu?[ea]|telem[óo]vel|bel)|电话|手机)[^\d\n]{0,32}$/iu
const idWords =
  /(?:bsn|burgerservice|sofi|pesel|cpf|steuer|\bidnr|\btin\b|tax id|identifi|rijksregister|registre national|national(?: id| number)|insz|niss|身份证|personal (?:id|code|number)|ssn|cadastro)[^\n]{0,32}$/i
const secretWords =
  /(?:pass(?:word|wort|phrase|wd)?|pwd|secret|token|api[ _-]?key|access[ _-]?key|private[ _-]?key|client[ _-]?secret|kennwort|schl[üu]ssel|mot de passe|contrase[ñn]a|clave|senha|parola|chiave|geheim|密码|密钥)["'`]?\s*(?:is|ist|est|es|è|é|lautet|为|是)?\s*[:=：]?\s*["'`]?$/i
const versionWords = /(?:version|release|v|chapter|section|kapitel|§|build)\s*\.?$/i

const bare = (text: string) => text.replace(/[\s.\-/]/g, '').toUpperCase()

/** In the order in which they win where two claim the same characters. */
const detectors: Detector[] = [
  {
    kind: 'secret',
    pattern:
      /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]{20,8000}?-----END [A-Z ]{0,30}PRIVATE KEY-----|\b(?:sk-(?:ant-|proj-|or-v1-)?[A-Za-z0-9_-]{20,200}|gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{22,255}|glpat-[A-Za-z0-9_-]{20,100}|xox[abeoprs]-[A-Za-z0-9-]{10,250}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[A-Za-z0-9_-]{35}|(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,250}|whsec_[A-Za-z0-9+/=]{24,100}|SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,250}|hf_[A-Za-z0-9]{30,60}|dop_v1_[a-f0-9]{64}|mcp_[A-Za-z0-9_-]{32,100}|eyJ[A-Za-z0-9_-]{10,4000}\.eyJ[A-Za-z0-9_-]{10,8000}\.[A-Za-z0-9_-]{10,2000})(?![A-Za-z0-9_-])/g,
  },
  {
    kind: 'secret',
    pattern: /[^\s"'`,;<>]{8,200}/g,
    accept: (found, before) => secretWords.test(before) && looksRandom(found, 2.5),
  },
  {
    kind: 'secret',
    pattern: /[A-Za-z0-9+/_=-]{32,200}/g,
    accept: (found) => looksRandom(found, 4.2) && hasThreeKinds(found),
  },
  {
    kind: 'email',
    pattern:
      /(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}](?:[\p{L}\p{N}._%+'-]{0,62}[\p{L}\p{N}_%+-])?@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.){1,8}\p{L}{2,24}(?![\p{L}\p{N}-]|\.\p{L})/gu,
  },
  {
    kind: 'iban',
    pattern: /(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?:[ -]?[A-Za-z0-9]){11,40}/g,
    accept: lengthOfIban,
  },
  {
    kind: 'national-id',
    pattern:
      /(?<![\p{L}\p{N}])(?:[XYZ]?\d[\d. /-]{5,22}[\dA-Z]|[A-Z]{6}[\dA-Z]{2}[A-Z][\dA-Z]{2}[A-Z][\dA-Z]{3}[A-Z]|\d{6}[-+ABCDEFYXWVU]\d{3}[\dA-Z]|[12][\d ]{5,9}[\dAB][\d ]{8,12})(?![\p{L}\p{N}])/gu,
    accept: isNationalId,
  },
  {
    kind: 'card',
    pattern: /(?<![\d.,-])[2-6]\d{3}(?:[ -]?\d){9,15}(?![\d-]|[.,]\d)/g,
    accept(found) {
      const digits = found.replace(/\D/g, '')
      return (
        /^(?:4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2(?:2[2-9]|[3-6]\d|7[01])\d{13}|27[2]0\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|5\d\d|4[4-9]\d)\d{12}|35\d{14}|62\d{14,17})$/.test(
          digits,
        ) && passesLuhn(digits)
      )
    },
  },
  {
    kind: 'ip-address',
    pattern:
      /(?<![\p{L}\p{N}.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?:\d{1,3}(?:\.\d{1,3}){3})?)(?![\p{L}\p{N}:]|\.\d)/giu,
    accept: (found, before) =>
      isIP(found) !== 0 &&
      !versionWords.test(before) &&
      !/^(?:0\.0\.0\.0|127\.|255\.255\.|::1?$)/.test(found) &&
      !/^::$/.test(found),
  },
  {
    kind: 'phone',
    pattern: /(?<![\p{L}\p{N}.,/+-])(?:\+|00)[1-9](?:[ ().\-/]{0,2}\d){7,14}(?![\p{L}\p{N}])/gu,
  },
  {
    kind: 'phone',
    pattern: /(?<![\p{L}\p{N}.,/+-])\(?0?\d(?:[ ().\-/]{0,2}\d){6,12}(?![\p{L}\p{N}]|[.,]\d)/gu,
    accept: (found, before) =>
      phoneWords.test(before) || /^\(0\d{1,4}\) \d{3,4} \d{3,4}$|^0\d(?: \d\d){4}$|^\(\d{3}\) \d{3}-\d{4}$/.test(found),
  },
]

/** What follows an IBAN in the same line is no part of it: its country says how long it is. */
function lengthOfIban(found: string): number | false {
  const wanted = ibanLength(found.slice(0, 2).toUpperCase())
  if (wanted === undefined) return false
  let taken = 0
  let at = 0
  while (taken < wanted && at < found.length) if (/[A-Za-z0-9]/.test(found[at++]!)) taken++
  return !/^[A-Za-z0-9]/.test(found.slice(at)) && isIban(bare(found.slice(0, at))) ? at : false
}

/** Those whose digits are too often right by chance: they count where the text says what they are, or they are written as such. */
const chancy: Record<string, RegExp> = {
  DE: /^\d{2} \d{3} \d{3} \d{3}$/,
  NL: /^$/,
  PL: /^$/,
  BR: /^\d{3}\.\d{3}\.\d{3}-\d{2}$/,
  BE: /^\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}$/,
}

function isNationalId(found: string, before: string): boolean {
  const compact = bare(found)
  return Object.entries(nationalIds).some(([country, check]) => {
    if (!check(country === 'FI' ? found.toUpperCase() : compact)) return false
    const shape = chancy[country]
    return shape === undefined || shape.test(found) || idWords.test(before)
  })
}

function entropyOf(text: string): number {
  const counts = new Map<string, number>()
  for (const each of text) counts.set(each, (counts.get(each) ?? 0) + 1)
  return [...counts.values()].reduce((sum, count) => sum - (count / text.length) * Math.log2(count / text.length), 0)
}

const hasThreeKinds = (text: string) => [/[a-z]/, /[A-Z]/, /\d/].every((kind) => kind.test(text))

function looksRandom(text: string, bits: number): boolean {
  const mixed = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(text)).length
  return mixed >= 2 && /\d|[^\p{L}\p{N}]/u.test(text.slice(0, -1)) && entropyOf(text) >= bits && !/^https?:/.test(text)
}

/** What is private in a text, in order, without overlaps. Takes a time that grows with the text alone. */
export function findPrivate(text: string): PrivateFinding[] {
  const found: PrivateFinding[] = []
  for (const { kind, pattern, accept } of detectors) {
    for (const match of text.matchAll(pattern)) {
      const start = match.index
      let end = start + match[0].length
      if (found.some((other) => start < other.end && other.start < end)) continue
      const before = text.slice(Math.max(0, start - contextCharacters), start)
      const accepted = accept?.(match[0], before) ?? true
      if (accepted === false) continue
      if (accepted !== true) end = start + accepted
      found.push({ kind, start, end })
    }
  }
  return found.sort((a, b) => a.start - b.start)
}
