/** What a browser says of itself, as far as people can make use of it. Anyone can claim anything in it: it is a hint. */
export interface Device {
  browser: string | null
  system: string | null
  device: 'computer' | 'phone' | 'tablet' | 'program'
}

// In this order: most browsers claim to be several of the later ones, too.
const browsers: [RegExp, string][] = [
  [/\bEdg(?:e|A|iOS)?\/(\d+)/, 'Edge'],
  [/\b(?:OPR|Opera|OPiOS|OPX)\/(\d+)/, 'Opera'],
  [/\bSamsungBrowser\/(\d+)/, 'Samsung Internet'],
  [/\bVivaldi\/(\d+)/, 'Vivaldi'],
  [/\bYaBrowser\/(\d+)/, 'Yandex Browser'],
  [/\bDuckDuckGo\/(\d+)/, 'DuckDuckGo'],
  [/\bElectron\/(\d+)/, 'Electron'],
  [/\b(?:Firefox|FxiOS)\/(\d+)/, 'Firefox'],
  [/\b(?:HeadlessChrome|Chrome|CriOS|Chromium)\/(\d+)/, 'Chrome'],
  [/\bVersion\/(\d+)[\d.]* (?:Mobile\/\w+ )?Safari\//, 'Safari'],
]

const systems: [RegExp, string][] = [
  [/\biPad\b/, 'iPadOS'],
  [/\b(?:iPhone|iPod)\b/, 'iOS'],
  [/\bAndroid\b/, 'Android'],
  [/\bWindows NT\b/, 'Windows'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\b(?:Macintosh|Mac OS X)\b/, 'macOS'],
  [/\b(?:Linux|X11)\b/, 'Linux'],
]

/** Reads a User-Agent header. What it does not know it calls a program, by the name before the first slash. */
export function deviceOf(userAgent: string | null): Device {
  const text = userAgent ?? ''
  const browser = firstOf(browsers, text)
  const system = firstOf(systems, text)
  if (browser === null && !/^Mozilla\//.test(text)) {
    return { browser: /^([\w.-]{1,40})(?:\/|$)/.exec(text)?.[1] ?? null, system, device: 'program' }
  }
  return { browser, system, device: kindOf(text, system) }
}

function firstOf(known: [RegExp, string][], text: string): string | null {
  for (const [pattern, name] of known) {
    const found = pattern.exec(text)
    if (found) return found[1] === undefined ? name : `${name} ${found[1]}`
  }
  return null
}

function kindOf(text: string, system: string | null): Device['device'] {
  if (system === 'iPadOS' || (system === 'Android' && !/\bMobile\b/.test(text))) return 'tablet'
  return system === 'iOS' || system === 'Android' ? 'phone' : 'computer'
}
