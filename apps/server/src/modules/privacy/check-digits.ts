/** Luhn's sum, from the right, as on cards (ISO/IEC 7812-1, annex B). */
export function passesLuhn(digits: string): boolean {
  let sum = 0
  for (let place = 0; place < digits.length; place++) {
    const digit = Number(digits[digits.length - 1 - place])
    const doubled = place % 2 === 0 ? digit : digit * 2
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return sum % 10 === 0
}

/** The rest of a number of any length. */
export function modulo(digits: string, by: number): number {
  let rest = 0
  for (const digit of digits) rest = (rest * 10 + Number(digit)) % by
  return rest
}

/** ISO 13616: letters as numbers, the first four at the end, and 1 remains. */
export function isIban(text: string): boolean {
  const length = ibanLengths[text.slice(0, 2)]
  if (length === undefined || text.length !== length) return false
  const digits = (text.slice(4) + text.slice(0, 4)).replace(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55))
  return /^\d+$/.test(digits) && modulo(digits, 97) === 1
}

/** How long an IBAN of a country is. */
export function ibanLength(country: string): number | undefined {
  return ibanLengths[country]
}

/** From the registry of ISO 13616. */
const ibanLengths: Record<string, number> = Object.fromEntries(
  `NO15 BE16 DK18 FI18 FO18 GL18 NL18 SD18 FK18 MK19 SI19 AT20 BA20 EE20 KZ20 LT20 LU20 XK20 MN20 CH21 HR21 LI21 LV21 BG22
  BH22 CR22 DE22 GB22 GE22 IE22 ME22 RS22 VA22 AE23 GI23 IL23 IQ23 TL23 OM23 SO23 AD24 CZ24 ES24 MD24 PK24 RO24 SA24 SE24 SK24
  TN24 VG24 LY25 PT25 ST25 IS26 TR26 BI27 DJ27 FR27 GR27 IT27 MC27 MR27 SM27 AL28 AZ28 BY28 CY28 DO28 GT28 HU28 LB28 PL28 NI28
  BR29 EG29 PS29 QA29 UA29 JO30 KW30 MU30 MT31 SC31 LC32 RU33`
    .split(/\s+/)
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
)

function weighted(digits: string, weights: number[]): number {
  return weights.reduce((sum, weight, place) => sum + weight * Number(digits[place]), 0)
}

const isDate = (month: number, day: number) => month >= 1 && month <= 12 && day >= 1 && day <= 31

/** Numbers by which states know people: whether what looks like one is one. Given without blanks, dots and dashes, in capitals. */
export const nationalIds: Record<string, (id: string) => boolean> = {
  /** Steuer-Identifikationsnummer: ISO/IEC 7064, MOD 11,10; of the first ten digits one comes twice or three times. */
  DE(id) {
    if (!/^[1-9]\d{10}$/.test(id)) return false
    const counts = [...'0123456789']
      .map((digit) => id.slice(0, 10).split(digit).length - 1)
      .filter((count) => count > 1)
    if (counts.length !== 1 || counts[0]! > 3) return false
    let product = 10
    for (const digit of id.slice(0, 10)) {
      const sum = (Number(digit) + product) % 10 || 10
      product = (sum * 2) % 11
    }
    return (11 - product) % 10 === Number(id[10])
  },
  /** Numéro d'inscription au répertoire: 97 less the rest by 97; Corsica as 19 and 18. */
  FR(id) {
    if (!/^[12]\d{2}(?:0[1-9]|1[0-2]|[2-9]\d)(?:\d{2}|2[AB])\d{8}$/.test(id)) return false
    const number = id.slice(0, 13).replace('2A', '19').replace('2B', '18')
    return 97 - modulo(number, 97) === Number(id.slice(13))
  },
  /** DNI and NIE: a letter by the rest by 23. */
  ES(id) {
    if (!/^[XYZ\d]\d{7}[A-Z]$/.test(id)) return false
    const number = id.slice(0, 8).replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter)))
    return 'TRWAGMYFPDXBNJZSQVHLCKE'[Number(number) % 23] === id[8]
  },
  /** Codice fiscale: characters in odd places by a table, in even ones by their value. */
  IT(id) {
    if (!/^[A-Z]{6}[0-9LMNPQRSTUV]{2}[ABCDEHLMPRST][0-9LMNPQRSTUV]{2}[A-Z][0-9LMNPQRSTUV]{3}[A-Z]$/.test(id))
      return false
    const odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23]
    const value = (each: string) => (/\d/.test(each) ? Number(each) : each.charCodeAt(0) - 65)
    const sum = [...id.slice(0, 15)].reduce(
      (all, each, place) => all + (place % 2 === 0 ? odd[value(each)]! : value(each)),
      0,
    )
    return String.fromCharCode(65 + (sum % 26)) === id[15]
  },
  /** Burgerservicenummer: the proof by 11. */
  NL: (id) => /^\d{9}$/.test(id) && id !== '000000000' && weighted(id, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0,
  /** PESEL: a date, and weights. */
  PL(id) {
    if (!/^\d{11}$/.test(id) || !isDate(Number(id.slice(2, 4)) % 20, Number(id.slice(4, 6)))) return false
    return (10 - (weighted(id, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10 === Number(id[10])
  },
  /** CPF: two digits by weights; not eleven of the same. */
  BR(id) {
    if (!/^\d{11}$/.test(id) || /^(\d)\1+$/.test(id)) return false
    const check = (count: number) =>
      ((weighted(
        id,
        Array.from({ length: count }, (_, place) => count + 1 - place),
      ) *
        10) %
        11) %
      10
    return check(9) === Number(id[9]) && check(10) === Number(id[10])
  },
  /** Rijksregisternummer: a date, and 97 less the rest; of those born since 2000 with a 2 before. */
  BE(id) {
    if (!/^\d{11}$/.test(id) || Number(id.slice(2, 4)) > 12 || Number(id.slice(4, 6)) > 31) return false
    const check = Number(id.slice(9))
    return 97 - modulo(id.slice(0, 9), 97) === check || 97 - modulo(`2${id.slice(0, 9)}`, 97) === check
  },
  /** Henkilötunnus: a letter by the rest by 31. */
  FI(id) {
    const parts = /^(\d{2})(\d{2})(\d{2})[-+ABCDEFYXWVU](\d{3})([0-9A-FHJ-NPR-Y])$/.exec(id)
    if (!parts || !isDate(Number(parts[2]), Number(parts[1]))) return false
    return '0123456789ABCDEFHJKLMNPRSTUVWXY'[Number(parts.slice(1, 5).join('')) % 31] === parts[5]
  },
  /** Resident identity number of China: a date, and ISO/IEC 7064, MOD 11-2. */
  CN(id) {
    if (!/^[1-9]\d{5}(?:19|20)\d{9}[\dX]$/.test(id) || !isDate(Number(id.slice(10, 12)), Number(id.slice(12, 14))))
      return false
    const rest = weighted(id, [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]) % 11
    return '10X98765432'[rest] === id[17]
  },
}
