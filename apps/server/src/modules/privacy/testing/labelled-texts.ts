import type { PrivateKind } from '@parley/contract'
import { ibanLength, isIban, nationalIds, passesLuhn } from '../check-digits.ts'

/** A made-up text, and what in it is private. */
export interface LabelledText {
  language: string
  text: string
  /** In order. */
  expected: { kind: PrivateKind; value: string }[]
}

/** Always the same numbers (mulberry32). */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

/** For each kind a sentence around it; `{}` is the value. */
const sentences: Record<string, Record<PrivateKind, string[]>> = {
  en: {
    email: ['Please write to {} today.', 'My address is {}, thanks!'],
    phone: ['You can call me at {} after six.', 'Phone: {}'],
    card: ['Charge my card {} as before.', 'The card number is {}.'],
    iban: ['Send the money to {} by Friday.', 'Our account: {}'],
    'national-id': ['The national id number is {}.', 'Personal code {} belongs to the patient.'],
    'ip-address': ['The server at {} does not answer.', 'Log in from {} was refused.'],
    secret: ['The api key is {}', 'I set the token to {} and it failed.'],
  },
  de: {
    email: ['Bitte schreiben Sie an {} bis morgen.', 'Meine Adresse lautet {}.'],
    phone: ['Ruf mich unter der Nummer {} an.', 'Telefon: {}'],
    card: ['Bitte buchen Sie von der Karte {} ab.', 'Kartennummer {}'],
    iban: ['Überweise es auf {} bitte.', 'Kontoverbindung: {}'],
    'national-id': ['Meine Identifikationsnummer ist {}.', 'Steuer-ID: {}'],
    'ip-address': ['Der Rechner {} ist nicht erreichbar.', 'Anmeldung von {} abgelehnt.'],
    secret: ['Der API-Key lautet {}', 'Das Token {} ist abgelaufen.'],
  },
  fr: {
    email: ["Écrivez-moi à {} s'il vous plaît.", 'Mon adresse : {}'],
    phone: ['Vous pouvez me joindre au {} le soir.', 'Téléphone : {}'],
    card: ['Débitez la carte {} comme avant.', 'Numéro de carte : {}'],
    iban: ["Versez l'argent sur {} avant vendredi.", 'Notre compte : {}'],
    'national-id': ["Mon numéro d'identification est {}.", 'Identifiant national : {}'],
    'ip-address': ['Le serveur {} ne répond pas.', 'Connexion depuis {} refusée.'],
    secret: ["La clé d'API est {}", 'Le token {} a expiré.'],
  },
  es: {
    email: ['Escríbeme a {} por favor.', 'Mi correo es {}.'],
    phone: ['Puedes llamarme al teléfono {} por la tarde.', 'Teléfono: {}'],
    card: ['Cobra de la tarjeta {} como antes.', 'Número de tarjeta: {}'],
    iban: ['Envía el dinero a {} antes del viernes.', 'Nuestra cuenta: {}'],
    'national-id': ['Mi número de identificación es {}.', 'Identificación: {}'],
    'ip-address': ['El servidor {} no responde.', 'Acceso desde {} rechazado.'],
    secret: ['La clave es {}', 'El token {} ha caducado.'],
  },
  it: {
    email: ['Scrivimi a {} per favore.', 'Il mio indirizzo è {}.'],
    phone: ['Puoi chiamarmi al numero {} la sera.', 'Telefono: {}'],
    card: ['Addebita sulla carta {} come prima.', 'Numero della carta: {}'],
    iban: ['Invia i soldi a {} entro venerdì.', 'Il nostro conto: {}'],
    'national-id': ['Il mio codice identificativo è {}.', 'Identificativo: {}'],
    'ip-address': ['Il server {} non risponde.', 'Accesso da {} rifiutato.'],
    secret: ['La chiave è {}', 'Il token {} è scaduto.'],
  },
  zh: {
    email: ['请发邮件到 {} 谢谢。', '我的邮箱是 {} 。'],
    phone: ['请打电话 {} 联系我。', '手机: {}'],
    card: ['请从卡 {} 扣款。', '卡号: {}'],
    iban: ['请汇款到 {} 。', '账户: {}'],
    'national-id': ['我的身份证是 {} 。', '身份证号码: {}'],
    'ip-address': ['服务器 {} 没有响应。', '来自 {} 的登录被拒绝。'],
    secret: ['密钥是 {}', '令牌 token {} 已过期。'],
  },
}

/** What looks like something private, and is not. */
const harmless = [
  'Order 4111111111111112 was shipped on 2026-11-28 at 12:30:45.',
  'The invoice number is 20261128-000123 and the total is 1,234,567.89 EUR.',
  'Version 1.2.3.4 of the library, build 10.0.19045.3693.',
  'See section 3.1.4.1 and figures 12, 13 and 14.',
  'The hash is d41d8cd98f00b204e9800998ecf8427e as expected.',
  'Commit 3f786850e387550fdab836ed7e6dc881de23001b broke it.',
  'The id 0190a0a0-7b3c-7def-8123-456789abcdef is a UUID.',
  'Add @types/node and @parley/sdk, then run npm install.',
  'Follow @someone on the network; write name@ without a host.',
  'Pi is 3.14159265358979, e is 2.718281828459045.',
  'Meet at 10:00, room 2.14, on the 3rd floor; 15 to 20 people.',
  'The range 1000-2000 and the years 1999-2026.',
  'ISBN 978-3-16-148410-0 and EAN 4006381333931.',
  'Bring 12 345 678 apples and 98.7 kg of pears.',
  'Loopback is 127.0.0.1 or ::1, any is 0.0.0.0.',
  'The password is wrong.',
  'Forgot the password? A token is a piece of a word.',
  'DE is a country code, and DE00 is no IBAN.',
  'std::vector<int>::iterator it = a::b::c;',
  'background: #a1b2c3d4; margin: 0 12px 34px 56px;',
  'SELECT * FROM t WHERE id = 123456789012;',
  'Train ICE 1234 leaves at 08:15 from track 7.',
  'Coordinates 52.520008, 13.404954 are in Berlin.',
  'Postcode 10115, box 123456.',
  'The MAC address is written 00:1B:44:11:3A:B7.',
  '128 GB, 3200 MHz, 2560x1440, 144 Hz.',
  'A phone has 8 GB of memory.',
  'Bestellung 1234567 vom 28.11.2026, Kundennummer 9876543.',
  'Le total est de 1 234 567 euros pour 12 mois.',
  'El pedido 555123 llega el 12/12/2026.',
  'Il volo AZ 1234 parte alle 18:45.',
  '订单 202611280001 已发货，共 3 件。',
]

export function labelledTexts(): LabelledText[] {
  const number = numbersFrom(7)
  const pick = <T>(items: readonly T[]): T => items[number(items.length)]!
  const digits = (count: number) => Array.from({ length: count }, () => number(10)).join('')
  const letters = (count: number, from = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ') =>
    Array.from({ length: count }, () => pick([...from])).join('')
  const mixed = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
  const until = (make: () => string, accept: (value: string) => boolean) => {
    for (;;) {
      const value = make()
      if (accept(value)) return value
    }
  }
  const grouped = (text: string, size: number) => text.match(new RegExp(`.{1,${size}}`, 'g'))!.join(' ')
  const two = (value: number) => String(value).padStart(2, '0')
  const date = () => `${two(number(100))}${two(1 + number(12))}${two(1 + number(28))}`
  const ids: (() => string)[] = [
    () =>
      grouped(
        until(() => String(1 + number(9)) + digits(10), nationalIds.DE!),
        11,
      ),
    () => until(() => `${pick(['1', '2'])}${two(number(100))}${two(1 + number(12))}${digits(10)}`, nationalIds.FR!),
    () => until(() => digits(8) + letters(1), nationalIds.ES!),
    () => until(() => pick(['X', 'Y', 'Z']) + digits(7) + letters(1), nationalIds.ES!),
    () =>
      until(
        () =>
          `${letters(6)}${digits(2)}${letters(1, 'ABCDEHLMPRST')}${digits(2)}${letters(1)}${digits(3)}${letters(1)}`,
        nationalIds.IT!,
      ),
    () => until(() => digits(9), nationalIds.NL!),
    () => until(() => date() + digits(5), nationalIds.PL!),
    () => until(() => digits(11), nationalIds.BR!).replace(/(...)(...)(...)(..)/, '$1.$2.$3-$4'),
    () => until(() => date() + digits(5), nationalIds.BE!).replace(/(..)(..)(..)(...)(..)/, '$1.$2.$3-$4.$5'),
    () =>
      until(
        () =>
          `${two(1 + number(28))}${two(1 + number(12))}${digits(2)}-${digits(3)}${letters(1, '0123456789ABCDEFHJKLMNPRSTUVWXY')}`,
        nationalIds.FI!,
      ),
    () => until(() => `110105${pick(['19', '20'])}${date()}${digits(3)}${pick([...'0123456789X'])}`, nationalIds.CN!),
  ]
  const values: Record<PrivateKind, (() => string)[]> = {
    email: [
      () => `${letters(5).toLowerCase()}.${letters(6).toLowerCase()}@example.com`,
      () => `${letters(4).toLowerCase()}+news@mail.example.co.uk`,
      () => `info_${digits(2)}@xn--bcher-kva.example`,
      () => 'jörg.müller@bücher.example',
    ],
    phone: [
      () => `+49 30 ${digits(7)}`,
      () => `+1 (${2 + number(7)}${digits(2)}) ${digits(3)}-${digits(4)}`,
      () => `+33 6 ${grouped(digits(8), 2)}`,
      () => `0044 20 ${digits(4)} ${digits(4)}`,
      () => `+86 138 ${digits(4)} ${digits(4)}`,
      () => `06 ${grouped(digits(8), 2)}`,
      () => `0171/${digits(7)}`,
    ],
    card: [
      () =>
        grouped(
          until(() => `4${digits(15)}`, passesLuhn),
          4,
        ),
      () => until(() => `5${1 + number(5)}${digits(14)}`, passesLuhn),
      () => until(() => `3${pick(['4', '7'])}${digits(13)}`, passesLuhn).replace(/(.{4})(.{6})(.{5})/, '$1 $2 $3'),
      () =>
        grouped(
          until(() => `6011${digits(12)}`, passesLuhn),
          4,
        ).replaceAll(' ', '-'),
    ],
    iban: (['DE', 'FR', 'ES', 'IT', 'NL', 'GB', 'CH', 'PL'] as const).map((country) => () => {
      const length = ibanLength(country)! - 4
      const account = country === 'GB' || country === 'NL' ? letters(4) + digits(length - 4) : digits(length)
      const whole = until(() => `${country}${two(2 + number(97))}${account}`, isIban)
      return number(2) === 0 ? whole : grouped(whole, 4)
    }),
    'national-id': ids,
    'ip-address': [
      () => `${1 + number(9)}.${number(256)}.${number(256)}.${1 + number(254)}`,
      () => `192.168.${number(256)}.${1 + number(254)}`,
      () => `2001:db8:${number(9999)}::${1 + number(9999)}`,
      () => `fe80::${number(9999)}:1ff:fe23:${1 + number(9999)}`,
    ],
    secret: [
      () => `sk-proj-${letters(40, mixed)}`,
      () => `ghp_${letters(36, mixed)}`,
      () => `AKIA${letters(16, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}`,
      () => `xoxb-${digits(12)}-${letters(24, mixed)}`,
      () => `sk_live_${letters(24, mixed)}`,
      () => `eyJhbGciOiJIUzI1NiJ9.eyJ${letters(30, mixed)}.${letters(43, mixed)}`,
    ],
  }
  const texts: LabelledText[] = harmless.flatMap((text) => [{ language: 'en', text, expected: [] }])
  for (const [language, kinds] of Object.entries(sentences)) {
    for (const [kind, around] of Object.entries(kinds) as [PrivateKind, string[]][]) {
      for (const make of values[kind]) {
        for (const sentence of around.slice(0, values[kind].length > 6 ? 1 : 2)) {
          const value = make()
          texts.push({ language, text: sentence.replace('{}', value), expected: [{ kind, value }] })
        }
      }
    }
  }
  return texts
}
